//! A key that is given to another message: neither of the two is lost.

use super::super::four;
use super::site::{Site, shown, six};
use super::{alarm_of, on_both};

const A: &str = "A1,张三,咨询登记,2026-09-01 08:00:00,请问房屋登记要带什么材料,,\n";
const OTHER: &str = "A1,李四,路灯不亮,2026-09-02 08:00:00,村口的路灯坏了很久,,\n";

#[tokio::test]
async fn a_reused_key_is_a_new_message_and_the_old_one_lives_on() {
    on_both(async |world| {
        let first = shown("k", "咨询登记", "请问房屋登记要带什么材料", 1);
        let second = shown("k", "路灯不亮", "村口的路灯坏了很久", 2);
        world.sweep(&Site::of(std::slice::from_ref(&first))).await;
        let old = world.message("k").await;
        let reused = world.look(&Site::of(std::slice::from_ref(&second))).await;
        assert_eq!(six(&reused), [1, 0, 0, 0, 1, 0]);
        assert_eq!((reused.alarms[0].code.as_str(), reused.alarms[0].subject.as_str()), ("key_reused", "k"));
        assert!(!reused.is_sound());
        let (new, kept) = (world.message("k").await, world.message("k~1").await);
        assert_eq!(kept.id, old.id);
        assert_ne!(new.id, old.id);
        assert!(kept.withdrawn_at.is_some() && new.withdrawn_at.is_none());
        let item = world.item_of(&kept).await;
        assert_eq!(world.history(&item).await, ["item.received", "message.key_reused", "message.withdrawn"]);
        assert!(item.open, "the old one is owed its answer");

        // The same again is nothing new; the alarm waits for a person.
        assert_eq!(six(&world.sweep(&Site::of(std::slice::from_ref(&second))).await), [0, 1, 0, 0, 0, 0]);
        assert_eq!(world.alarms().await, [alarm_of("key_reused", "k")]);

        // The first one back under the key: it is the same message, and the other is withdrawn in its turn.
        assert_eq!(six(&world.sweep(&Site::of(std::slice::from_ref(&first))).await), [0, 1, 0, 0, 1, 1]);
        assert_eq!((world.message("k").await.id, world.message("k~1").await.id), (old.id.clone(), new.id.clone()));
        // A third: both wait under numbers of their own.
        let third = shown("k", "征地补偿", "征地补偿款何时发放", 3);
        assert_eq!(six(&world.sweep(&Site::of(&[third])).await), [1, 0, 0, 0, 1, 0]);
        assert_eq!((world.message("k~1").await.id, world.message("k~2").await.id), (new.id, old.id));
        assert_eq!(world.items().await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn what_differs_in_part_is_the_same_message() {
    on_both(async |world| {
        let mut site = Site::of(&[shown("k", "咨询登记", "请问房屋登记要带什么材料", 1)]);
        world.sweep(&site).await;
        site.rows = vec![shown("k", "路灯不亮", "村口的路灯坏了很久", 1)];
        assert_eq!(six(&world.sweep(&site).await), [0, 0, 1, 0, 0, 0], "on the same day");
        site.rows = vec![shown("k", "路灯　不亮", "路灯已经修好", 2)];
        assert_eq!(six(&world.sweep(&site).await), [0, 0, 1, 0, 0, 0], "under the same heading");
        assert_eq!((world.items().await.len(), world.alarms().await), (1, Vec::new()));
    })
    .await;
}

#[tokio::test]
async fn a_number_reused_in_a_later_file_is_a_new_message() {
    on_both(async |world| {
        assert_eq!(four(world.counts(A).await), (1, 0, 0, 0));
        assert_eq!(four(world.counts(OTHER).await), (1, 0, 0, 0));
        assert!(world.message("A1~1").await.withdrawn_at.is_some());
        assert_eq!(world.pulls().await[0].withdrawn, 1);
        assert_eq!(world.alarms().await, [alarm_of("key_reused", "A1")]);
        // The older file once more: its message is the old one, shown again.
        assert_eq!(four(world.counts(A).await), (0, 1, 0, 0));
        assert_eq!(world.message("A1~1").await.withdrawn_at, None);
        assert_eq!(four(world.counts(&A.replace("什么材料", "哪些原件")).await), (0, 0, 1, 0));
        assert_eq!(world.items().await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn two_messages_under_one_number_in_one_file_are_two_items_and_stay_so() {
    on_both(async |world| {
        let both = format!("{A}{OTHER}");
        assert_eq!(four(world.counts(&both).await), (2, 0, 0, 0));
        let items = world.items().await;
        for _ in 0..2 {
            assert_eq!(four(world.counts(&both).await), (0, 2, 0, 0));
            assert_eq!(world.items().await, items);
        }
        assert_eq!(world.message("A1").await.withdrawn_at, None);
        assert_eq!(world.message("A1~1").await.withdrawn_at, None, "the file shows it as well");
        assert_eq!(world.pulls().await.iter().map(|pull| pull.withdrawn + pull.returned).sum::<i64>(), 0);
    })
    .await;
}
