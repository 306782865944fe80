//! Order, filters, facets and pages.

use huiyin_domain::id::{AccountId, UnitId};
use huiyin_domain::time::Instant;

use super::{NOW, SearchDoc, ask, days_ago, doc, index_of, numbers, query, sorted};
use crate::search::{Cursor, InvalidCursor, Period, Scope, Search, Sort, Waiting};

fn account(seed: u8) -> AccountId {
    AccountId::new(NOW, [seed; 10])
}

fn unit(seed: u8) -> UnitId {
    UnitId::new(NOW, [seed; 10])
}

#[test]
fn titles_whole_words_and_recency_come_first() {
    let filler = "群众反映的情况已经记录在案并转交有关部门处理";
    let docs = vec![
        doc(1, "其他问题", &format!("{filler}搅拌站{filler}")),
        doc(2, "搅拌站扰民", filler),
        doc(3, "关于产品和服务的建议", filler),
        doc(4, "关于定制和服的建议吗", filler),
        SearchDoc { asked_at: days_ago(2_000), ..doc(5, "路灯不亮", filler) },
        SearchDoc { asked_at: days_ago(1), ..doc(6, "路灯不亮", filler) },
        SearchDoc { asked_at: days_ago(900), ..doc(7, "路灯不亮", filler) },
    ];
    let (_dir, indexer) = index_of(docs);
    let found = |text| numbers(&ask(&indexer.search(), text));
    assert_eq!(found("搅拌站"), [2, 1]);
    assert_eq!(found("和服"), [4, 3]);
    assert_eq!(found("路灯"), [6, 7, 5]);
    let page = ask(&indexer.search(), "路灯");
    assert!(page.hits.windows(2).all(|pair| pair[0].score > pair[1].score && pair[1].score > 0.0), "{page:?}");
}

/// Sixty items whose attributes follow from their number.
fn varied() -> Vec<SearchDoc> {
    (1..=60_u64)
        .map(|number| {
            let days = i64::try_from(number * 37 % 60).unwrap();
            SearchDoc {
                source: ["hotline", "board", "mail"][usize::try_from(number % 3).unwrap()].to_owned(),
                lead: (number % 4 != 0).then(|| unit(u8::try_from(number % 4).unwrap())),
                assisting: if number % 10 == 0 { vec![unit(9), unit(1)] } else { Vec::new() },
                stage: if number % 2 == 0 { "replied" } else { "received" }.to_owned(),
                request_type: ["consult", "complaint"][usize::from(number % 5 == 0)].to_owned(),
                asked_at: days_ago(days),
                due_at: (number % 6 != 0).then(|| days_ago(days - 15)),
                replied_at: (number % 2 == 0).then(|| days_ago(days - 3)),
                open: number % 2 == 1,
                barred: if number % 9 == 0 { vec![account(1)] } else { Vec::new() },
                task: (number % 2 == 1).then(|| if number % 3 == 0 { "register" } else { "answer" }.to_owned()),
                ..doc(number, "小区停车", &"停车难".repeat(usize::try_from(number % 7).unwrap()))
            }
        })
        .collect()
}

#[test]
fn filters_agree_with_a_scan() {
    let docs = varied();
    let (_dir, indexer) = index_of(docs.clone());
    let search = indexer.search();
    let expect = |condition: &dyn Fn(&SearchDoc) -> bool, change: &dyn Fn(&mut crate::search::Query)| {
        for text in ["", "停车", "区停车", "停车难停车", "难停 小区停车"] {
            let found = |doc: &&SearchDoc| {
                condition(doc) && text.split(' ').all(|word| doc.title.contains(word) || doc.body.contains(word))
            };
            let expected: Vec<u64> = docs.iter().filter(found).map(|doc| doc.number).collect();
            assert!(!expected.is_empty() && expected.len() < docs.len());
            for sort in [Sort::Relevance, Sort::NewestFirst, Sort::OldestFirst, Sort::DueFirst] {
                let mut query = query(text);
                query.limit = 100;
                query.sort = sort;
                change(&mut query);
                let page = search.search(&query).unwrap();
                assert_eq!(sorted(numbers(&page)), expected);
                assert_eq!(page.total, expected.len() as u64);
            }
        }
    };
    let week = Period { from: Some(days_ago(20)), until: Some(days_ago(10)) };
    expect(&|doc| doc.source != "mail", &|query| query.filters.sources = vec!["hotline".into(), "board".into()]);
    expect(&|doc| doc.lead == Some(unit(1)), &|query| query.filters.units = vec![unit(1)]);
    expect(&|doc| doc.stage == "replied", &|query| query.filters.stages = vec!["replied".into()]);
    expect(&|doc| doc.request_type == "complaint", &|query| query.filters.request_types = vec!["complaint".into()]);
    expect(&|doc| week.contains(Some(doc.asked_at)), &|query| query.filters.asked = week);
    expect(&|doc| week.contains(doc.due_at), &|query| query.filters.due = week);
    expect(&|doc| week.contains(doc.replied_at), &|query| query.filters.replied = week);
    expect(&|doc| doc.open, &|query| query.filters.open = Some(true));
    expect(&|doc| !doc.open, &|query| query.filters.open = Some(false));
    expect(&|doc| doc.assisting.contains(&unit(1)), &|query| query.filters.assisting = Some(unit(1)));
    expect(&|doc| doc.task.as_deref() == Some("answer"), &|query| query.filters.tasks = vec!["answer".into()]);
    let waits = |doc: &SearchDoc| {
        doc.task.as_deref() == Some("register") || doc.lead == Some(unit(1)) && doc.task.as_deref() == Some("answer")
    };
    expect(&waits, &|query| {
        let own = Some((unit(1), vec!["answer".into()]));
        query.filters.waiting = Some(Waiting { anywhere: vec!["register".into()], own, but: None });
    });
    let barred = |doc: &SearchDoc| doc.task.as_deref() == Some("register") && doc.barred != [account(1)];
    expect(&barred, &|query| {
        query.filters.waiting = Some(Waiting { anywhere: vec!["register".into()], own: None, but: Some(account(1)) });
    });
    expect(&|doc| doc.open && doc.due_at.is_some_and(|due| due < NOW), &|query| query.filters.overdue_at = Some(NOW));
    expect(&|doc| doc.lead == Some(unit(1)) || doc.assisting.contains(&unit(1)), &|query| {
        query.scope = Scope::Some { units: vec![unit(1)], answered: false };
    });
    let concerns = |doc: &SearchDoc| doc.lead == Some(unit(1)) || doc.assisting.contains(&unit(1));
    expect(&|doc| concerns(doc) || doc.replied_at.is_some(), &|query| {
        query.scope = Scope::Some { units: vec![unit(1)], answered: true };
    });
    expect(&|doc| doc.replied_at.is_some(), &|query| {
        query.scope = Scope::Some { units: Vec::new(), answered: true };
    });
    expect(&|doc| doc.source == "mail" && doc.open, &|query| {
        query.filters.sources = vec!["mail".into()];
        query.filters.open = Some(true);
    });
}

#[test]
fn who_may_see_nothing_finds_nothing() {
    let (_dir, indexer) = index_of(varied());
    let mut query = query("停车");
    query.scope = Scope::Some { units: Vec::new(), answered: false };
    query.facets = true;
    let page = indexer.search().search(&query).unwrap();
    assert_eq!((page.total, page.hits.len(), page.next), (0, 0, None));
    assert!(page.facets.unwrap().sources.is_empty());
}

#[test]
fn facets_count_all_that_match() {
    let (_dir, indexer) = index_of(varied());
    let mut query = query("停车");
    query.limit = 1;
    query.facets = true;
    query.filters.stages = vec!["replied".into()];
    let page = indexer.search().search(&query).unwrap();
    let facets = page.facets.unwrap();
    assert_eq!(page.total, 30);
    assert_eq!(facets.stages, [("replied".to_owned(), 30)]);
    assert_eq!(facets.request_types, [("consult".to_owned(), 24), ("complaint".to_owned(), 6)]);
    assert_eq!(facets.sources.iter().map(|(_, count)| count).sum::<u64>(), 30);
    assert_eq!(facets.units, [(unit(2), 15)]);
}

/// All pages of a query, and their hits put together.
fn walk(search: &Search, sort: Sort, text: &str, limit: usize) -> Vec<u64> {
    let mut query = query(text);
    query.sort = sort;
    query.limit = limit;
    let mut all = Vec::new();
    loop {
        let page = search.search(&query).unwrap();
        assert_eq!(page.total, 60);
        all.extend(numbers(&page));
        // Later pages are asked for at a later time: the order must not change for it.
        query.now = query.now.plus_seconds(40 * 86_400);
        query.after = page.next.map(|cursor| cursor.to_string().parse().unwrap());
        if query.after.is_none() {
            return all;
        }
    }
}

#[test]
fn pages_put_together_are_the_whole_in_order() {
    let docs = varied();
    let (_dir, indexer) = index_of(docs.clone());
    let search = indexer.search();
    let by = |key: &dyn Fn(&SearchDoc) -> (i64, u64)| {
        let mut docs: Vec<&SearchDoc> = docs.iter().collect();
        docs.sort_by_key(|doc| key(doc));
        docs.into_iter().map(|doc| doc.number).collect::<Vec<_>>()
    };
    let due = |doc: &SearchDoc| doc.due_at.map_or(i64::MAX, Instant::as_micros);
    for text in ["", "停车"] {
        for limit in [1, 7, 30, 60, 200] {
            let newest = by(&|doc| (-doc.asked_at.as_micros(), u64::MAX - doc.number));
            assert_eq!(walk(&search, Sort::NewestFirst, text, limit), newest);
            assert_eq!(
                walk(&search, Sort::OldestFirst, text, limit),
                by(&|doc| (doc.asked_at.as_micros(), doc.number))
            );
            assert_eq!(walk(&search, Sort::DueFirst, text, limit), by(&|doc| (due(doc), doc.number)));
            let relevant = walk(&search, Sort::Relevance, text, limit);
            assert_eq!(relevant, walk(&search, Sort::Relevance, text, 200));
            assert_eq!(sorted(relevant), (1..=60).collect::<Vec<_>>());
        }
    }
}

#[test]
fn foreign_cursors_are_refused_and_extreme_ones_harmless() {
    for text in ["", "1.2", "1.2.3.4", "a.b.c", "1.-2.3"] {
        assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text}");
    }
    let (_dir, indexer) = index_of(varied());
    let extremes = [i64::MIN, -1, 0, i64::MAX];
    for (major, now) in extremes.iter().flat_map(|major| extremes.map(|now| (*major, now))) {
        for sort in [Sort::Relevance, Sort::NewestFirst, Sort::DueFirst] {
            let mut query = query("停车");
            query.sort = sort;
            query.after = Some(format!("{major}.{}.{now}", u64::MAX).parse().unwrap());
            assert_eq!(indexer.search().search(&query).unwrap().total, 60);
        }
    }
}
