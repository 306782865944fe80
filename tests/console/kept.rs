//! Lists that one keeps, facets, columns, files: what the list of items leads to.

use super::browser::Browser;
use crate::support::app::{Letter, TestApp};
use crate::support::work::work;

#[tokio::test]
async fn a_list_is_kept_opened_replaced_and_given_up() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2)]).await;
    let mut browser = Browser::of(&app, "office").await;
    let hostile = "\"><script>alert(1)</script>";
    for (name, query) in [(hostile, "stage=received&order=due"), (hostile, "stage=received&order=oldest")] {
        let page = browser.post("/desk/items/lists", &[("name", name), ("query", query)]).await;
        assert_eq!((page.status, page.location.as_str()), (303, format!("/desk/items?{query}").as_str()));
    }
    let page = browser.get("/desk/items?order=oldest&stage=received").await;
    assert!(page.body.contains("已保存为常用筛选"));
    assert!(
        page.body.contains("&quot;&gt;&lt;script&gt;alert(1)") && !page.body.contains("<script>alert"),
        "{}",
        page.body
    );
    assert!(page.body.contains("aria-current=\"page\">&quot;&gt;") && page.body.contains("不再保留"));
    assert!(!page.body.contains("stage=received&amp;order=due"), "the first of the name is replaced: {}", page.body);
    // Nobody else sees it, or can give it up.
    let id = page.body.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut other = Browser::of(&app, "leader").await;
    assert!(!other.get("/desk/items?stage=received&order=oldest").await.body.contains("不再保留"));
    assert_eq!(other.post("/desk/items/lists/delete", &[("id", &id), ("query", "")]).await.location, "/desk/items");
    assert!(other.get("/desk/items").await.body.contains("没有这个常用筛选"));
    let page = browser.post("/desk/items/lists/delete", &[("id", &id), ("query", "stage=received&order=oldest")]).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk/items?stage=received&order=oldest"));
    assert!(browser.get("/desk/items").await.body.contains("已删除这个常用筛选"));
    assert!(!browser.get("/desk/items?stage=received&order=oldest").await.body.contains("不再保留"));
}

#[tokio::test]
async fn what_is_wrong_with_a_name_stands_beside_it() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let mut browser = Browser::of(&app, "office").await;
    let long = "名".repeat(31);
    for (name, told) in [("", "起个名字"), (long.as_str(), "最多 30 个字")] {
        let page = browser.post("/desk/items/lists", &[("name", name), ("query", "stage=received")]).await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains(told) && page.body.contains("id=\"f-name-wrong\""), "{}", page.body);
        assert!(page.body.contains(&format!("value=\"{name}\"")) && page.body.contains("，共 1 件"), "{}", page.body);
    }
    for query in ["stage=nothing", "https://evil.example/"] {
        let page = browser.post("/desk/items/lists", &[("name", "x"), ("query", query)]).await;
        assert!(page.status == 400 || page.location == "/desk/items", "{query}: {} {}", page.status, page.location);
    }
    let page = Browser::of(&app, "sysadmin").await.post("/desk/items/lists", &[("name", "x"), ("query", "")]).await;
    assert_eq!(page.status, 403);
}

#[tokio::test]
async fn counts_lead_further_and_what_is_chosen_can_be_dropped() {
    let app = TestApp::start().await;
    work(&app).await;
    let mut browser = Browser::of(&app, "office").await;
    let page = browser.get("/desk/items?q=%E9%87%87%E5%85%89").await;
    let facets = page.body.split("class=\"groups\"").nth(1).unwrap().split("</details>").next().unwrap().to_owned();
    let mut opened = 0;
    for part in facets.split("<li>").skip(1) {
        let address = part.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        let count = part.split("class=\"num\">").nth(1).unwrap().split('<').next().unwrap();
        let list = browser.get(&address).await;
        assert!(list.body.contains(&format!("，共 {count} 件")), "{address} {count}");
        assert!(list.body.contains("（去掉）"), "{address}");
        opened += 1;
    }
    assert!(opened > 6, "{facets}");
    // Dropping the words leaves the list without them.
    let chip = page.body.split("class=\"chip info\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(chip, "/desk/items");
}

#[tokio::test]
async fn columns_and_file_are_those_of_the_address() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2)]).await;
    let mut browser = Browser::of(&app, "office").await;
    let query = "stage=received&order=oldest&column=author&column=number&column=overdue";
    let page = browser.get(&format!("/desk/items?{query}")).await;
    let heads: Vec<&str> = page.body.split("<th scope=\"col\"").skip(1).collect();
    let heads: Vec<&str> =
        heads.iter().map(|part| part.split_once('>').unwrap().1.split('<').next().unwrap()).collect();
    assert_eq!(heads, ["来件人", "件号", "超期"]);
    assert!(
        page.body.contains("<td>甲1</td>") && page.body.contains("<a href=\"/desk/items/1\">1</a>"),
        "{}",
        page.body
    );
    let file = format!("/desk/items.xlsx?{}", query.replace('&', "&amp;"));
    assert!(page.body.contains(&file), "{}", page.body);
    assert_eq!(browser.get(&format!("/desk/items.xlsx?{query}")).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_told_above_the_list() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let mut browser = Browser::of(&app, "office").await;
    let long = "%E9%87%87".repeat(201);
    for (words, told) in [("%3F%3F", "没有文字或数字"), (long.as_str(), "最多 200 个")] {
        let page = browser.get(&format!("/desk/items?q={words}&stage=received")).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains(told) && page.body.contains("换一个词再搜"), "{}", page.body);
        assert!(page.body.contains("name=\"stage\" value=\"received\" checked"));
    }
}
