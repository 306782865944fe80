//! The `huiyin` program: see `huiyin --help`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    huiyin::telemetry::tell_only_places_of_panics();
    huiyin::cli::main()
}
