//! Sources that do not say how many messages they have: that a row slipped past is told by nothing but another pass.

use huiyin::intake::crawl::Reach;

use crate::support::pull::{Watched, connector, is_quiet, without_total};
use crate::support::site::{At, Fault, Letter, Patience, Shape, Site, What};
use crate::support::world::World;

/// What stands on no page while it is read is found all the same, in the same pull.
async fn nothing_slips_past(shape: Shape) {
    let site = Site::start().await;
    let world = World::embedded().await;
    let mut watched = Watched::new(&world, "trial");
    let connector = connector(&without_total(&shape.connector("trial", &site.host, Patience::Long)));
    site.change(|model| model.fill(11)).await;
    for (round, what) in [What::Pulled, What::Pulled, What::Pulled].into_iter().enumerate() {
        // The one at the top is taken away after page one was read: the first of page two is on page one by then. Nobody
        // has seen those of the second page before.
        site.change(|model| (0..4).for_each(|_| model.add(4))).await;
        site.fail([Fault::once(At::List(2), what)]).await;
        let pulled = watched.pull(&connector, Reach::Sweep).await;
        let what = format!("{shape:?}, round {round}");
        let model = site.model().await;
        let hub = watched.check(&what, &pulled, &model).await;
        assert!(is_quiet(&pulled) && pulled.claimed.is_none(), "{what}: {pulled:#?}");
        let missed: Vec<u32> =
            model.letters.iter().map(|letter| letter.uid).filter(|uid| !hub.kept.contains_key(uid)).collect();
        assert_eq!(missed, [0; 0], "{what}: {pulled:#?}");
        let pulled = watched.pull(&connector, Reach::Sweep).await;
        assert_eq!(pulled.withdrawn, 1, "{what}: the one that was taken away: {pulled:#?}");
        watched.check_exact(&what, &pulled, &model).await;
    }
}

#[tokio::test]
async fn no_page_slips_past_without_a_total() {
    Box::pin(nothing_slips_past(Shape::Html)).await;
}

#[tokio::test]
async fn no_row_of_json_slips_past_without_a_total() {
    Box::pin(nothing_slips_past(Shape::JsonForm)).await;
}

#[tokio::test]
async fn no_row_of_a_script_slips_past_without_a_total() {
    Box::pin(nothing_slips_past(Shape::JsRows)).await;
}

#[tokio::test]
async fn a_list_that_shifts_in_every_pass_is_an_alarm() {
    let site = Site::start().await;
    let world = World::embedded().await;
    let mut watched = Watched::new(&world, "trial");
    let connector = connector(&without_total(&Shape::JsonForm.connector("trial", &site.host, Patience::Long)));
    let model = site.change(|model| model.fill(11)).await;
    let pushed = |at: usize| {
        let letter = Letter::new(model.unshown().uid + u32::try_from(at).expect("a small number"));
        Fault::once(At::List(2), What::Pushed(Box::new(letter)))
    };
    site.fail((0..3).map(pushed)).await;
    let pulled = watched.pull(&connector, Reach::Sweep).await;
    let codes: Vec<&str> = pulled.alarms.iter().map(|alarm| alarm.code.as_str()).collect();
    assert_eq!((codes.as_slice(), pulled.withdrawn), (["count_differs"].as_slice(), 0), "{pulled:#?}");
    watched.check("in every pass", &pulled, &site.model().await).await;
    let pulled = watched.pull(&connector, Reach::Sweep).await;
    assert!(is_quiet(&pulled), "{pulled:#?}");
    watched.check_exact("it stands still", &pulled, &site.model().await).await;
}
