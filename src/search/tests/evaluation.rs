//! On real messages, where they are at hand: `../shared/data/taidi2020c/messages.xlsx`, which is no part of the project.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant as Moment;

use calamine::{Data, Reader, Xlsx, open_workbook};
use huiyin_domain::text::fold::fold;

use super::{SearchDoc, days_ago, doc, numbers, query};
use crate::search::tokenizer::is_searchable;
use crate::search::{Indexer, IndexerOptions, Search, highlight, snippet};

/// The messages as documents, numbered by row; `None` where they are not at hand.
fn messages() -> Option<Vec<SearchDoc>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/taidi2020c/messages.xlsx");
    if !path.try_exists().unwrap() {
        assert_ne!(std::env::var("HUIYIN_REQUIRE_SHARED").as_deref(), Ok("1"), "{} is missing", path.display());
        println!("skipped: no messages at {}", path.display());
        return None;
    }
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    let mut rows = sheet.rows();
    let header = rows.next().unwrap();
    let column = |name: &str| header.iter().position(|cell| cell.to_string().trim() == name).unwrap();
    let (title, body) = (column("留言主题"), column("留言详情"));
    let text = |cell: &Data| cell.to_string();
    let docs = (1..).zip(rows).map(|(number, row)| SearchDoc {
        asked_at: days_ago(i64::try_from(number % 900).unwrap()),
        ..doc(number, &text(&row[title]), &text(&row[body]))
    });
    Some(docs.collect())
}

fn contains(doc: &SearchDoc, word: &str) -> bool {
    fold(&doc.title).contains(word) || fold(&doc.body).contains(word)
}

/// All hits, page by page.
fn all(search: &Search, word: &str) -> BTreeSet<u64> {
    let mut query = query(word);
    query.limit = 200;
    let mut found = BTreeSet::new();
    loop {
        let page = search.search(&query).unwrap();
        found.extend(numbers(&page));
        query.after = page.next;
        if page.next.is_none() {
            return found;
        }
    }
}

#[test]
fn real_messages_are_found_by_what_their_titles_say() {
    let Some(docs) = messages() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut indexer = Indexer::open(dir.path(), IndexerOptions::default()).unwrap();
    let start = Moment::now();
    indexer.apply(docs.clone()).unwrap();
    indexer.commit(1).unwrap();
    println!("indexed {} messages in {:?}", docs.len(), start.elapsed());
    let search = indexer.search();

    for word in ["搅拌站", "丽发新城", "捆绑车位"] {
        let page = search.search(&query(word)).unwrap();
        let expected: BTreeSet<u64> = docs.iter().filter(|doc| contains(doc, word)).map(|doc| doc.number).collect();
        assert!(!expected.is_empty());
        assert_eq!(all(&search, word), expected, "{word}");
        // Titles that say the word come first.
        let by_number = |number: u64| docs.iter().find(|doc| doc.number == number).unwrap();
        let titled = expected.iter().filter(|number| fold(&by_number(**number).title).contains(word)).count();
        let first: Vec<bool> =
            numbers(&page).into_iter().map(|number| fold(&by_number(number).title).contains(word)).collect();
        let first_titled = first.iter().take(titled.min(10)).filter(|titled| **titled).count();
        println!("{word}: {} hits, {titled} by title, {first_titled} of the first ten", page.total);
        assert_eq!(first_titled, titled.min(10), "{word}");
        for hit in page.hits {
            let doc = by_number(hit.number);
            assert!(
                highlight(&doc.title, &query(word).text).iter().any(|segment| segment.hit) || {
                    snippet(&doc.body, &query(word).text, 80).segments.iter().any(|segment| segment.hit)
                }
            );
        }
    }

    let mut sampled = 0;
    for doc in docs.iter().cycle().step_by(37) {
        let title: Vec<char> = doc.title.chars().collect();
        let pairs: Vec<&[char]> = title.windows(2).filter(|pair| pair.iter().copied().all(is_searchable)).collect();
        if let Some(pair) = pairs.get(sampled % pairs.len().max(1)) {
            let word: String = pair.iter().collect();
            assert!(all(&search, &word).contains(&doc.number), "row {} by {word}", doc.number);
            sampled += 1;
        }
        if sampled == 500 {
            break;
        }
    }
}
