//! One message's way through the bureau, over HTTP: from the file it came in to the page the public reads, and every
//! forbidden step on the way refused with its stable code.

mod answer;
mod arrival;
mod bureau;
mod codes;
mod doors;
mod figures;
mod issue;

use huiyin_domain::access::Actor;

use self::bureau::Bureau;
use crate::support::stores::contract;

contract! {
    /// Import, assign, accept, draft, three reviews, release, entry, publish, page.
    async fn from_the_board_to_the_public_page(home: &Home) {
        let bureau = Bureau::open(&home.store).await;
        let [first, second, open] = arrival::messages_come_in(&bureau).await;
        arrival::a_visitor_reads_nothing(&bureau, &first).await;
        arrival::the_office_assigns_what_it_found(&bureau, &first).await;
        arrival::a_return_is_rejected_once_and_for_all(&bureau, &first, &open).await;
        doors::administrators_see_no_items(&bureau, &first).await;

        bureau.morning("2026-10-12T09:00:00+08:00").await;
        let winner = answer::the_reply_is_drafted(&bureau, &first).await;
        answer::the_first_review_sends_it_back(&bureau, &first).await;
        answer::three_reviews_and_the_release(&bureau, &first).await;
        answer::the_history_tells_every_step(&bureau, &first, winner).await;

        bureau.morning("2026-11-02T09:00:00+08:00").await;
        answer::one_person_gives_one_review(&bureau, &second).await;
        figures::statistics_add_up(&bureau).await;
        issue::the_month_is_published(&bureau, &first, &open).await;
        doors::sessions_end_and_guesses_are_braked(&bureau).await;
        everything_is_proved(&bureau).await;
        bureau.close().await;
    }
}

/// Ledger, texts and items agree; the index holds every item; the ledger holds not one Chinese character.
async fn everything_is_proved(bureau: &Bureau) {
    let verified = bureau.service.verify(&Actor::System("cli"), &[]).await.unwrap();
    assert_eq!((verified.findings, verified.items), (Vec::new(), 4));
    bureau.indexed().await;
    let counts = bureau.read("office", "{ items { totalCount } search(text: \"\") { totalCount } }").await;
    assert_eq!((&counts["items"]["totalCount"], &counts["search"]["totalCount"]), (&4.into(), &4.into()));

    let mut reader = bureau.service.store().read().await.unwrap();
    let entries = huiyin::store::ledger::after(&mut reader.conn(), 0, 10_000).await.unwrap();
    assert_eq!(entries.len() as u64, bureau.ledger_seq().await);
    for entry in entries {
        let text = format!("{} {} {}", entry.actor, entry.subject, entry.body);
        assert!(text.is_ascii(), "the ledger holds words: {text}");
    }
}
