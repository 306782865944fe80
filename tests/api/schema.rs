//! The schema in the repository is the one the program serves.

#[test]
fn the_file_is_the_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/graphql/schema.graphql");
    let file = std::fs::read_to_string(path).expect("graphql/schema.graphql can be read");
    assert!(
        file == huiyin::api::sdl(),
        "graphql/schema.graphql differs from the schema; write it anew: cargo run -- schema > graphql/schema.graphql"
    );
}

#[test]
fn everything_is_described() {
    // Every field and type of the text is preceded by a description; arguments stand in parentheses.
    let sdl = huiyin::api::sdl();
    let lines: Vec<&str> = sdl.lines().map(str::trim).collect();
    let mut depth = 0_usize;
    let mut bare = Vec::new();
    for (number, pair) in lines.windows(2).enumerate() {
        let (before, line) = (pair[0], pair[1]);
        let in_block = before == "\"\"\"" || before.starts_with("\"\"\"");
        if line == "\"\"\"" {
            depth = 1 - depth;
            continue;
        }
        let declares = depth == 0 && line.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        let structural = ["schema", "query:", "mutation:", "directive"].iter().any(|word| line.starts_with(word));
        if declares && !structural && !in_block {
            bare.push(format!("{}: {line}", number + 2));
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}
