//! `kill -9` at any moment of a pull, then pull again: nothing lost, nothing twice.

use std::path::PathBuf;
use std::time::Instant;

use huiyin::store::Store;

use super::kill::kill_after;
use crate::support::hub::Hub;
use crate::support::program::{Program, number, ran, text};
use crate::support::seeded::Seeded;
use crate::support::site::{Model, Patience, Shape, Site};

/// Into how many parts the duration of a pull is divided, with one kill in each.
const PARTS: u64 = 9;
/// Rows on a page.
const SIZE: usize = 100;

/// A program, and the folder with the connector for the source.
fn program(site: &Site, shape: Shape) -> (Program, PathBuf) {
    let program = Program::new();
    let connectors = program.connector("trial", &shape.connector_of("trial", &site.host, Patience::Long, SIZE));
    (program, connectors)
}

/// Something of everything, all over the list.
fn happens(model: &mut Model, chance: &mut Seeded) {
    let len = model.letters.len();
    for _ in 0..len / 60 {
        model.add(chance.place(len));
        model.withdraw(chance.place(len));
        model.change(chance.place(len));
        model.space(chance.place(len), " \n");
    }
    model.bring_back(chance.place(len));
}

/// What must be true once a pull has come to its end, however often it was killed on the way.
async fn assert_whole(program: &Program, model: &Model) {
    let store = Store::open_file(&program.data().join("huiyin.db")).await.expect("the store opens");
    let hub = Hub::read(&store, "trial").await;
    store.close().await;
    let problems = hub.differs(model);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let mut db = program.database().await;
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM pull WHERE stage = 'running'").await, 0);
    assert_eq!(number(&mut db, "SELECT SUM(accepted) FROM pull").await as usize, hub.kept.len());
    let sums = "SELECT COUNT(*) FROM pull WHERE stated <> accepted + unchanged + changed + held + rejected";
    assert_eq!(number(&mut db, sums).await, 0);
    let backwards = "SELECT COUNT(*) FROM ledger a JOIN ledger b ON b.seq = a.seq + 1 WHERE b.at < a.at";
    assert_eq!(number(&mut db, backwards).await, 0, "the ledger's times do not go backwards");
    program.verify();
}

/// Kills pulls of a source of this shape, which shows so many messages.
async fn killed_at_any_moment(shape: Shape, count: usize) {
    let site = Site::start().await;
    site.change(|model| model.fill(count)).await;
    let (origin, connectors) = program(&site, shape);
    let arguments = ["--json", "--connectors", text(&connectors), "pull", "trial", "--sweep"];
    let start = Instant::now();
    let whole = origin.run(&arguments);
    // How long a pull takes where it has all to itself; the machine may be quicker now than when it was measured.
    let mut duration = start.elapsed();
    assert_eq!(whole.code, Some(0), "{}{}", whole.out, whole.err);
    assert_whole(&origin, &site.model().await).await;

    // The moments lie in equal parts of the duration, in an order of their own. A pull that comes to its end before its
    // moment leaves the moment to the next round, which begins from nothing.
    let mut chance = Seeded(20_261_122);
    let mut parts: Vec<u64> = (0..PARTS).collect();
    let (mut killed, mut rounds) = (0, 0);
    while !parts.is_empty() && rounds < 2 * PARTS {
        let (program, _) = program(&site, shape);
        let mut kills = 0;
        while !parts.is_empty() {
            let part = parts.swap_remove(chance.place(parts.len()));
            let thousandths = (part * 1_000 + chance.below(1_000)) / PARTS;
            let moment = duration * u32::try_from(thousandths).expect("a small number") / 1_000;
            if !kill_after(program.start(&arguments), moment) {
                parts.push(part);
                if kills == 0 {
                    duration = duration * 3 / 4;
                }
                break;
            }
            kills += 1;
            // The source goes on meanwhile.
            site.change(|model| happens(model, &mut chance)).await;
        }
        if program.data().join("huiyin.db").try_exists().expect("the disk answers") {
            // What the kill left is sound before anything repairs it.
            program.verify();
        }
        let last = ran(program.start(&arguments).wait_with_output().expect("the pull ends"));
        assert_eq!(last.code, Some(0), "{}{}", last.out, last.err);
        assert_whole(&program, &site.model().await).await;
        (killed, rounds) = (killed + kills, rounds + 1);
    }
    eprintln!("{killed} kills in {rounds} rounds over {count} messages, one pull takes {duration:?}");
    assert!(killed >= 8, "too few moments fell into a pull: {killed}");
}

#[tokio::test]
async fn a_pull_killed_at_any_moment_loses_nothing_and_doubles_nothing() {
    killed_at_any_moment(Shape::JsonForm, 2_300).await;
}

#[tokio::test]
async fn nor_does_one_that_reads_every_message_by_itself() {
    killed_at_any_moment(Shape::JsonPage, 240).await;
}
