//! Each message is one item, however often and in whatever company its row comes.

use super::{four, on_both};

const A: &str = "A1,张三,咨询登记,2026-09-01 08:00:00,请问房屋登记要带什么材料,,\n";
const B: &str = "A2,李四,路灯不亮,2026-09-02 08:00:00,村口的路灯坏了很久,,\n";
const C: &str = "A3,王五,征地补偿,2026-09-03 08:00:00,征地补偿款何时发放,,\n";
const BROKEN: &str = "A9,赵六,日期坏了,2026-02-31 25:61,这一行读不了,,\n";

#[tokio::test]
async fn the_same_file_again_changes_nothing_and_an_overlapping_one_adds_what_is_new() {
    on_both(async |world| {
        assert_eq!(four(world.counts(&format!("{A}{B}")).await), (2, 0, 0, 0));
        let before = world.items().await;
        assert_eq!(four(world.counts(&format!("{A}{B}")).await), (0, 2, 0, 0));
        assert_eq!(world.items().await, before);
        assert_eq!(four(world.counts(&format!("{C}{B}")).await), (1, 1, 0, 0));
        let after = world.items().await;
        assert_eq!(after[..2], before);
        assert_eq!((after.len(), after[2].number, after[2].title.as_str()), (3, 3, "征地补偿"));
        assert!(world.pulls().await.iter().all(|pull| pull.stage == "finished" && pull.finished_at.is_some()));
    })
    .await;
}

#[tokio::test]
async fn white_space_alone_is_no_change_and_a_word_is_a_new_version() {
    on_both(async |world| {
        world.counts(A).await;
        let spaced = A.replace("咨询登记", " 咨询 登记　").replace("房屋登记要带", "房屋登记  要带\u{3000}");
        assert_eq!(four(world.counts(&spaced).await), (0, 1, 0, 0));
        let changed = A.replace("咨询登记", "咨询登记（补充）").replace("什么材料", "哪些原件");
        assert_eq!(four(world.counts(&changed).await), (0, 0, 1, 0));
        let items = world.items().await;
        assert_eq!(
            (items.len(), items[0].title.as_str(), items[0].stage.as_str()),
            (1, "咨询登记（补充）", "received")
        );
        let bodies: Vec<String> = world.versions(&items[0]).await.into_iter().map(|version| version.body).collect();
        assert_eq!(bodies, ["请问房屋登记要带什么材料", "请问房屋登记要带哪些原件"]);
        // The earlier wording again is a change again: the source shows it now.
        assert_eq!(four(world.counts(A).await), (0, 0, 1, 0));
        assert_eq!(world.versions(&world.items().await[0]).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn exact_repeats_are_items_of_their_own_linked_to_the_first() {
    on_both(async |world| {
        let repeat = "R1,他人,又是路灯,2026-09-05 09:00:00,村口的路灯坏了很久,,\n";
        assert_eq!(four(world.counts(&format!("{A}{B}{repeat}")).await), (3, 0, 0, 0));
        // Another file, and white space that differs.
        let later = "R2,他人,还是路灯,2026-09-06 09:00:00,村口的 路灯坏了很久,,\n";
        assert_eq!(four(world.counts(&format!("{C}{later}")).await), (2, 0, 0, 0));
        let items = world.items().await;
        let links: Vec<Option<&str>> = items.iter().map(|item| item.repeat_of.as_deref()).collect();
        let first = Some(items[1].id.as_str());
        assert_eq!(links, [None, None, first, None, first]);
        assert!(items.iter().all(|item| item.open && item.stage == "received"), "a link settles nothing");
    })
    .await;
}

#[tokio::test]
async fn a_key_twice_in_one_file_is_one_item() {
    on_both(async |world| {
        let later = A.replace("咨询登记", "咨询登记（补充）");
        assert_eq!(four(world.counts(&format!("{A}{A}{later}{C}")).await), (2, 1, 1, 0));
        let items = world.items().await;
        assert_eq!(items.len(), 2);
        assert_eq!(world.versions(&items[0]).await.len(), 2);
        assert_eq!(items[0].title, "咨询登记（补充）");
    })
    .await;
}

#[tokio::test]
async fn a_key_twice_in_one_file_for_two_messages_is_two_items() {
    on_both(async |world| {
        // Nothing is the same but the number: whoever wrote the first is still owed an answer.
        let other = B.replace("A2,李四", "A1,张三");
        assert_eq!(four(world.counts(&format!("{A}{other}")).await), (2, 0, 0, 0));
        let items = world.items().await;
        assert_eq!((items.len(), items[0].title.as_str(), items[1].title.as_str()), (2, "咨询登记", "路灯不亮"));
        assert_eq!(four(world.counts(&format!("{A}{other}")).await), (0, 2, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_held_once_and_counted_each_time() {
    on_both(async |world| {
        assert_eq!(four(world.counts(&format!("{A}{BROKEN}")).await), (1, 0, 0, 1));
        let holds = world.holds().await;
        assert_eq!(holds.len(), 1);
        let hold = &holds[0];
        assert_eq!((hold.row_number, hold.sheet.as_str(), hold.column_name.as_str()), (3, "", "留言时间"));
        assert!(hold.raw.contains("这一行读不了") && !hold.reason.is_empty() && !hold.message.is_empty(), "{hold:?}");
        assert_eq!(four(world.counts(&format!("{A}{BROKEN}")).await), (0, 1, 0, 1));
        // In an overlapping file it stands in another row, and is the same row.
        assert_eq!(four(world.counts(&format!("{BROKEN}{A}{B}")).await), (1, 1, 0, 1));
        assert_eq!(world.holds().await, holds);
        // Two of a kind in one file are two rows.
        assert_eq!(four(world.counts(&format!("{BROKEN}{BROKEN}")).await), (0, 0, 0, 2));
        assert_eq!(world.holds().await.len(), 2);
        // Put right, it goes in.
        let repaired = BROKEN.replace("2026-02-31 25:61", "2026-02-28 15:01");
        assert_eq!(four(world.counts(&repaired).await), (1, 0, 0, 0));
    })
    .await;
}
