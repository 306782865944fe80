//! `huiyin sample --items N --seed S --out FILE`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Failure;
use super::output::Output;
use crate::sample::{Options, Shape, generate, write_file};

#[derive(Debug, Args)]
pub(super) struct Sample {
    /// How many messages
    #[arg(long, default_value_t = 1_000)]
    items: usize,
    /// The same seed gives the same messages
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to: FILE.csv for any number, FILE.xlsx for up to 100,000 or so
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Which source it is shaped like: board, hotline-district, hotline-city or mailbox
    #[arg(long, default_value = "board")]
    shape: Shape,
}

pub(super) fn run(command: &Sample, output: Output) -> Result<(), Failure> {
    let bar = output.progress("生成");
    let messages = generate(command.seed, command.items, &Options::default());
    let rows = write_file(command.shape, messages, &command.out, &mut |rows| bar.set_position(rows))?;
    bar.finish_and_clear();
    let file = command.out.display().to_string();
    output.either(&json!({ "file": file, "rows": rows }), || format!("已写入 {file}：{rows} 行虚构来件"))
}
