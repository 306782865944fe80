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
    let sdl = huiyin::api::sdl();
    let (mut inside, mut described) = (false, false);
    let mut bare = Vec::new();
    for (number, line) in sdl.lines().map(str::trim).enumerate() {
        if line == "\"\"\"" {
            inside = !inside;
            described = !inside;
            continue;
        }
        let declares = !inside && line.starts_with(|first: char| first.is_ascii_alphabetic());
        // The names of the roots, and the directives every server has.
        let structural = ["schema", "query:", "mutation:", "directive"].iter().any(|word| line.starts_with(word));
        if declares && !described && !structural {
            bare.push(format!("{}: {line}", number + 1));
        }
        described &= inside;
    }
    assert!(sdl.contains("type Query") && !inside);
    assert_eq!(bare, Vec::<String>::new());
}
