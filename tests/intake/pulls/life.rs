//! The life of a message in its source's list.

use super::super::World;
use super::site::{Shown, Site, at, shown, six};
use super::{alarm_of, on_both};

fn three() -> Site {
    Site::of(&[
        shown("a", "咨询登记", "请问房屋登记要带什么材料", 1),
        shown("b", "路灯不亮", "村口的路灯坏了很久", 2),
        shown("c", "征地补偿", "征地补偿款何时发放", 3),
    ])
}

#[tokio::test]
async fn a_list_is_taken_in_once_and_read_again_changes_nothing() {
    on_both(async |world| {
        let first = world.sweep(&three()).await;
        assert_eq!(six(&first), [3, 0, 0, 0, 0, 0]);
        assert_eq!((first.stage.as_str(), first.is_sound(), first.complete), ("finished", true, true));
        assert_eq!((first.claimed, first.met, first.pages), (Some(3), 3, 1));
        let items = world.items().await;
        let message = world.message("b").await;
        assert_eq!((message.printed_number.as_str(), message.named_unit.as_str()), ("No.b", "某某科"));
        assert_eq!((message.url.as_str(), message.withdrawn_at), ("https://www.example.gov.cn/item?id=b", None));
        assert!(message.list_digest.is_some());

        let again = world.sweep(&three()).await;
        assert_eq!(six(&again), [0, 3, 0, 0, 0, 0]);
        let head = world.look(&three()).await;
        assert_eq!((six(&head), head.is_sound()), ([0, 3, 0, 0, 0, 0], true));
        assert_eq!((world.items().await, world.message("b").await), (items, message));
        let pulls = world.pulls().await;
        let told: Vec<(&str, &str, i64)> =
            pulls.iter().map(|pull| (pull.purpose.as_str(), pull.file_name.as_str(), pull.met)).collect();
        let host = "www.example.gov.cn";
        assert_eq!(told, [("head", host, 3), ("sweep", host, 3), ("sweep", host, 3)]);
        assert!(pulls.iter().all(|pull| pull.claimed == Some(3) && pull.file_digest.is_empty()));
    })
    .await;
}

#[tokio::test]
async fn what_changed_is_a_version_and_what_else_is_told_of_it_is_kept() {
    on_both(async |world| {
        let mut site = three();
        world.sweep(&site).await;
        let before = world.message("a").await;
        site.row("a").body.push_str("，要不要预约");
        // White space alone: the row is read again, and nothing has changed but its place in the list.
        site.row("b").body.insert(3, '　');
        assert_eq!(six(&world.sweep(&site).await), [0, 2, 1, 0, 0, 0]);
        let (a, b) = (world.message("a").await, world.message("b").await);
        assert_eq!((a.version, b.version), (2, 1));
        assert_ne!(a.list_digest, before.list_digest);
        // What stands as it did is not read a second time.
        assert_eq!(six(&world.sweep(&site).await), [0, 3, 0, 0, 0, 0]);
        assert_eq!((world.message("a").await, world.message("b").await), (a, b));
    })
    .await;
}

#[tokio::test]
async fn withdrawn_is_a_state_the_item_stays_owed_and_what_returns_is_as_before() {
    on_both(async |world| {
        let mut site = three();
        world.sweep(&site).await;
        let gone = site.remove("b");
        // A quick look does not see the end of the list, and says nothing of what it does not see.
        let mut long = site.clone();
        long.rows.extend((0..9).map(|more| shown(&format!("m{more}"), "更多", &format!("第{more}件的内容"), 4)));
        assert_eq!(world.look(&long).await.withdrawn, 0);
        let swept = world.sweep(&site).await;
        assert_eq!((swept.withdrawn, swept.is_sound()), (6, true), "b, and the five of the longer list");
        let message = world.message("b").await;
        let item = world.item_of(&message).await;
        assert!(message.withdrawn_at.is_some() && item.open && item.stage == "received");
        assert_eq!(world.history(&item).await, ["item.received", "message.withdrawn"]);
        assert_eq!(world.sweep(&site).await.withdrawn, 0, "once");

        // Back as it was: its row in the list is known, and still it is noted.
        site.rows.insert(0, gone.clone());
        let back = world.look(&site).await;
        assert_eq!((back.returned, back.statement.unchanged), (1, 3));
        assert_eq!(world.message("b").await.withdrawn_at, None);
        // Gone once more, and back with another text.
        site.remove("b");
        assert_eq!(world.sweep(&site).await.withdrawn, 1);
        site.rows.push(Shown { body: "村口的路灯又坏了".to_owned(), ..gone });
        assert_eq!(six(&world.sweep(&site).await), [0, 2, 1, 0, 0, 1]);
        let kinds = world.history(&item).await;
        let noted: Vec<&str> = kinds.iter().map(String::as_str).filter(|kind| kind.starts_with("message.")).collect();
        assert_eq!(noted, ["message.withdrawn", "message.returned", "message.withdrawn", "message.returned"]);
    })
    .await;
}

#[tokio::test]
async fn a_holding_reply_is_no_answer_and_the_real_one_under_its_date_counts_from_when_it_was_seen() {
    on_both(async |world| {
        let question = shown("a", "咨询登记", "请问房屋登记要带什么材料", 1);
        let mut site = Site::of(&[question.clone().replied("您好，您的来信已收悉，已转不动产登记中心。", 3, true)]);
        world.sweep(&site).await;
        assert_eq!(world.items().await[0].stage, "received");
        let seen = world.service.now();
        site.rows = vec![question.replied("您好：请带身份证原件和购房合同。", 3, false)];
        assert_eq!(six(&world.sweep(&site).await), [0, 0, 1, 0, 0, 0]);
        let items = world.items().await;
        assert_eq!((items[0].stage.as_str(), items[0].replied_at), ("replied", Some(seen.as_micros())));
        // What the source prints stays beside it.
        let versions = world.versions(&items[0]).await;
        assert_eq!(versions[1].replied_at, Some(at(3).as_micros()));

        // Where the date moved with the text, the date is the answer's.
        let other = shown("b", "路灯不亮", "村口的路灯坏了很久", 2);
        site.rows.push(other.clone().replied("已收悉。", 4, true));
        world.sweep(&site).await;
        site.remove("b");
        site.rows.push(other.replied("路灯已修好。", 6, false));
        world.sweep(&site).await;
        assert_eq!(world.items().await[1].replied_at, Some(at(6).as_micros()));
        // And an answer that was there when the message was first seen has its own.
        site.rows.push(shown("c", "征地补偿", "征地补偿款何时发放", 3).replied("已发放。", 5, false));
        world.sweep(&site).await;
        assert_eq!(world.items().await[2].replied_at, Some(at(5).as_micros()));
    })
    .await;
}

#[tokio::test]
async fn an_excerpt_is_upgraded_by_the_detail_and_never_put_over_it() {
    on_both(async |world| {
        let mut site = three();
        site.row("a").cut_at = Some(6);
        assert_eq!(six(&world.sweep(&site).await), [3, 0, 0, 0, 0, 0]);
        assert_eq!(world.message("a").await.list_digest, None);
        site.row("a").cut_at = None;
        assert_eq!(six(&world.sweep(&site).await), [0, 2, 1, 0, 0, 0]);
        let item = world.item_of(&world.message("a").await).await;
        let bodies: Vec<String> = world.versions(&item).await.into_iter().map(|version| version.body).collect();
        assert_eq!(bodies, ["请问房屋登记...", "请问房屋登记要带什么材料"]);
        // The detail fails again: what is known stays, and is read again the next time.
        site.row("a").cut_at = Some(6);
        assert_eq!(six(&world.sweep(&site).await), [0, 3, 0, 0, 0, 0]);
        let message = world.message("a").await;
        assert_eq!((message.version, message.list_digest), (2, None));
        // A list that says something else is a change, detail or not.
        site.row("a").body = "请问发票怎么开，到哪个窗口".to_owned();
        assert_eq!(six(&world.sweep(&site).await), [0, 2, 1, 0, 0, 0]);
        assert_eq!(world.message("a").await.version, 3);
    })
    .await;
}

#[tokio::test]
async fn a_row_held_by_its_key_is_settled_once_the_source_shows_it_readably() {
    on_both(async |world| {
        let mut site = three();
        site.row("b").broken = true;
        assert_eq!(six(&world.sweep(&site).await), [2, 0, 0, 1, 0, 0]);
        assert_eq!(six(&world.sweep(&site).await), [0, 2, 0, 1, 0, 0], "held once, counted each time");
        let holds = world.holds().await;
        assert_eq!((holds.len(), holds[0].source_key.as_deref()), (1, Some("b")));
        site.row("b").broken = false;
        assert_eq!(six(&world.look(&site).await), [1, 2, 0, 0, 0, 0]);
        let settled = world.holds().await.remove(0);
        let item = world.item_of(&world.message("b").await).await;
        assert_eq!((settled.resolution.as_deref(), settled.item_id), (Some("superseded"), Some(item.id)));
        // Unreadable again: it waits again, and the message is still there.
        site.row("b").broken = true;
        assert_eq!(six(&world.sweep(&site).await), [0, 2, 0, 1, 0, 0]);
        assert_eq!(six(&world.sweep(&site).await), [0, 2, 0, 1, 0, 0]);
        let open: Vec<bool> = world.holds().await.iter().map(|hold| hold.resolved_at.is_none()).collect();
        assert_eq!(open, [false, true]);
        site.row("b").broken = false;
        assert_eq!(six(&world.sweep(&site).await), [0, 3, 0, 0, 0, 0]);
        assert!(world.holds().await.iter().all(|hold| hold.resolved_at.is_some()));
    })
    .await;
}

#[tokio::test]
async fn a_list_that_says_it_has_more_is_an_alarm_until_it_agrees() {
    on_both(async |world| {
        let mut site = three();
        site.claims = Some(5);
        let pulled = world.sweep(&site).await;
        assert_eq!((pulled.is_sound(), pulled.claimed, pulled.met), (false, Some(5), 3));
        assert_eq!(world.alarms().await, [alarm_of("count_differs", "list")]);
        let raised = world.alarm_rows().await;
        // Met again, it is the same alarm.
        world.sweep(&site).await;
        let met = world.alarm_rows().await;
        assert_eq!((met.len(), &met[0].id, met[0].raised_at), (1, &raised[0].id, raised[0].raised_at));
        assert!(met[0].met_at > raised[0].met_at);
        // A look that does not reach the end settles nothing.
        let mut long = site.clone();
        long.rows.extend((0..9).map(|more| shown(&format!("m{more}"), "更多", &format!("第{more}件的内容"), 4)));
        world.look(&long).await;
        assert_eq!(world.alarms().await.len(), 1);
        long.claims = None;
        let sound = world.sweep(&long).await;
        assert_eq!((sound.is_sound(), world.alarms().await), (true, Vec::new()));
    })
    .await;
}

/// A message that a file brought and a file that shows a withdrawn one again: files and lists are one history.
#[tokio::test]
async fn a_file_shows_again_what_the_list_has_withdrawn() {
    on_both(async |world: &World| {
        let mut site = three();
        world.sweep(&site).await;
        site.remove("a");
        world.sweep(&site).await;
        let line = "a,网友,咨询登记,2026-09-01 08:00:00,请问房屋登记要带什么材料,,\n";
        let imported = world.import(line).await.statement;
        assert_eq!((imported.stated, imported.changed + imported.unchanged), (1, 1));
        assert_eq!(world.message("a").await.withdrawn_at, None);
        assert_eq!(world.pulls().await[0].returned, 1);
    })
    .await;
}
