//! The `huiyin` program: see `huiyin --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    huiyin::cli::main()
}
