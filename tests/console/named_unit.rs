//! What a source calls the unit it means: shown on the item's page, suggested where it is known, accepted with one press.

use super::browser::Browser;
use super::item_way::{fresh, marks, send};
use crate::support::app::TestApp;
use crate::support::stores::run_raw;

#[tokio::test]
async fn a_name_that_a_source_writes_is_suggested_and_accepted_with_one_press() {
    let app = TestApp::start().await;
    app.import(&[fresh(1), fresh(2), fresh(3), fresh(4)]).await;
    let mut office = Browser::of(&app, "office").await;
    let page = office.get("/desk/items/1").await;
    assert!(!page.body.contains("来源写的单位") && !page.body.contains("来源所写"), "{}", page.body);

    // One that is called so suggests itself.
    run_raw(app.service.store(), "UPDATE message SET named_unit = ' 规划 科<b>'").await;
    let page = office.get("/desk/items/1").await;
    assert!(page.body.contains("来源写的单位是“<bdi> 规划 科&lt;b&gt;</bdi>”，还没有派过"), "{}", page.body);
    run_raw(app.service.store(), "UPDATE message SET named_unit = '规划　科'").await;
    let page = office.get("/desk/items/1").await;
    assert!(page.body.contains("与本局的 <strong>规划科</strong> 同名"), "{}", page.body);
    let suggested = marks(&page, "/desk/items/1/assign").unwrap();
    assert!(suggested.contains(&("lead".to_owned(), app.unit("planning").to_owned())), "{suggested:?}");
    let sent = send(&mut office, &page, "assign", &[]).await;
    assert_eq!((sent.status, sent.location.as_str()), (303, "/desk/items/1"), "{}", sent.body);
    let page = office.get("/desk/items/1").await;
    assert!(page.body.contains("主办 规划科") && page.body.contains("来源所写"), "{}", page.body);
    assert!(!page.body.contains("class=\"suggestion\""), "it is decided: {}", page.body);

    // What the office decides otherwise is learnt, and goes before the name.
    let assign = |item: String| format!("assignItem(item: \"{item}\", lead: \"{}\")", app.unit("survey"));
    for number in [2, 3] {
        assert_eq!(app.act("office", &assign(app.item(number).await)).await["status"], "OK");
    }
    let page = office.get("/desk/items/4").await;
    assert!(page.body.contains("这样写的以前派给了 <strong>测绘科</strong>"), "{}", page.body);
    // Whoever does not assign is not asked to.
    let page = Browser::of(&app, "checker").await.get("/desk/items/4").await;
    assert!(page.status == 200 && !page.body.contains("class=\"suggestion\""), "{}", page.body);
}

#[tokio::test]
async fn a_message_that_its_source_no_longer_shows_is_marked() {
    let app = TestApp::start().await;
    app.import(&[fresh(1)]).await;
    let mut office = Browser::of(&app, "office").await;
    assert!(!office.get("/desk/items/1").await.body.contains("源平台已撤下"));
    run_raw(app.service.store(), "UPDATE message SET withdrawn_at = 1791507600000000").await;
    assert!(office.get("/desk/items/1").await.body.contains("源平台已撤下"));
}
