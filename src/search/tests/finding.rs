//! What is found: exactly the items that contain what was asked for.

use std::collections::BTreeSet;

use huiyin_domain::text::fold::fold;
use proptest::prelude::*;

use super::{SearchDoc, ask, doc, index_of, numbers, query, sorted};
use crate::search::Search;
use crate::search::query_text::QueryText;

/// What a scan of the folded texts finds.
fn scan(docs: &[SearchDoc], text: &QueryText) -> Vec<u64> {
    let has = |doc: &SearchDoc, run: &String| {
        [&doc.title, &doc.body, &doc.reply].into_iter().any(|part| fold(part).contains(run.as_str()))
    };
    let matches = |doc: &&SearchDoc| {
        text.wanted.iter().all(|run| has(doc, run))
            && !text.unwanted.iter().any(|runs| runs.iter().all(|run| has(doc, run)))
    };
    docs.iter().filter(matches).map(|doc| doc.number).collect()
}

/// What the index finds: all of it, by pages of 200.
fn find(search: &Search, text: &QueryText) -> Vec<u64> {
    let mut found = Vec::new();
    let mut asked = query("");
    asked.text = text.clone();
    asked.limit = 200;
    loop {
        let page = search.search(&asked).unwrap();
        found.extend(numbers(&page));
        asked.after = page.next;
        if page.next.is_none() {
            assert_eq!(found.len() as u64, page.total);
            return sorted(found);
        }
    }
}

fn assert_exact(search: &Search, docs: &[SearchDoc], text: &str) {
    if let Ok(text) = QueryText::parse(text) {
        assert_eq!(find(search, &text), scan(docs, &text), "{text:?} in {docs:?}");
    }
}

/// All that can be cut out of a text, up to five characters.
fn cuttings(text: &str) -> BTreeSet<String> {
    let chars: Vec<char> = text.chars().collect();
    (1..=5).flat_map(|length| chars.windows(length)).map(|cutting| cutting.iter().collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Few different characters, so that near misses abound.
    #[test]
    fn substrings_are_found_and_nothing_else_is(
        parts in prop::collection::vec(("[ab甲攪， ]{0,12}", "[aＡ1甲搅。\n]{0,30}", "[b1乙甲-]{0,9}"), 1..8),
        words in prop::collection::vec("[ab1甲乙攪搅]{1,6}", 20),
        texts in prop::collection::vec("(-?\"?[ab1甲乙搅，]{1,4}\"? ){1,3}", 10),
    ) {
        let docs: Vec<SearchDoc> = (1..)
            .zip(&parts)
            .map(|(number, (title, body, reply))| SearchDoc { reply: reply.clone(), ..doc(number, title, body) })
            .collect();
        let (_dir, indexer) = index_of(docs.clone());
        let search = indexer.search();
        for (title, body, reply) in &parts {
            for cutting in [title, body, reply].into_iter().flat_map(|part| cuttings(part)) {
                assert_exact(&search, &docs, &cutting);
            }
        }
        for text in words.iter().chain(&texts) {
            assert_exact(&search, &docs, text);
        }
    }

    #[test]
    fn any_unicode_is_indexed_and_searched(texts in prop::collection::vec("(?s).{0,16}", 1..4)) {
        let docs: Vec<SearchDoc> = (1..).zip(&texts).map(|(number, text)| doc(number, "", text)).collect();
        let (_dir, indexer) = index_of(docs.clone());
        for text in &texts {
            assert_exact(&indexer.search(), &docs, text);
            for cutting in cuttings(text) {
                assert_exact(&indexer.search(), &docs, &cutting);
            }
        }
    }
}

#[test]
fn long_words_and_repeated_characters() {
    let long: String = (0..200_u32).map(|n| char::from_u32(0x4E00 + n * 7 % 150).unwrap()).collect();
    let docs =
        vec![doc(1, "", &format!("开头{long}结尾")), doc(2, "", &long.replace('一', "两")), doc(3, "", "哈哈哈哈哈")];
    let (_dir, indexer) = index_of(docs.clone());
    for text in [long.as_str(), "哈哈哈哈", "哈哈哈哈哈", "哈哈哈哈哈哈"] {
        assert_exact(&indexer.search(), &docs, text);
    }
    assert_eq!(numbers(&ask(&indexer.search(), &long)), [1]);
}

#[test]
fn a_word_reaches_across_no_separator_and_no_field() {
    let docs = vec![doc(1, "停车", "收费"), doc(2, "停车，收费", ""), doc(3, "停车 收费", ""), doc(4, "停车收费", "")];
    let (_dir, indexer) = index_of(docs);
    let found = |text| sorted(numbers(&ask(&indexer.search(), text)));
    assert_eq!(found("停车收费"), [4]);
    assert_eq!(found("停车 收费"), [1, 2, 3, 4]);
    assert_eq!(found("\"停车，收费\""), [1, 2, 3, 4]);
    assert_eq!(found("停车 -车收"), [1, 2, 3]);
    assert_eq!(found("-车收"), [1, 2, 3]);
    assert_eq!(found("费"), [1, 2, 3, 4]);
    assert_eq!(found("车"), [1, 2, 3, 4]);
}
