//! The `huiyin` program.

fn main() {}
