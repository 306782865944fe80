//! The public pages as a visitor gets them.

use async_graphql::Request;
use axum::http::StatusCode;
use huiyin::api::{Api, Session};
use huiyin::portal::DOCUMENTS;
use huiyin::service::publication::{EntryText, PublicationAct};

use super::office::{LETTERS, Office, text};

#[tokio::test]
async fn the_months_page_has_what_was_approved_and_what_the_rules_demand() {
    let office = Office::open().await;
    let (issue, [first, _]) = office.publish_october().await;
    let page = office.get("/hot/2026-10").await;
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "<html lang=\"zh-CN\">",
        "<meta name=\"SiteName\" content=\"青溪市自然资源和规划局\">",
        "<meta name=\"SiteDomain\"",
        "<meta name=\"SiteIDCode\"",
        "<meta name=\"ColumnName\" content=\"热点咨询\">",
        "<meta name=\"ColumnType\"",
        "<meta name=\"ColumnKeywords\"",
        "<meta name=\"ColumnDescription\"",
        "<meta name=\"ArticleTitle\" content=\"2026年10月热点咨询回复\">",
        "<meta name=\"PubDate\" content=\"2026-11-05 09:00\">",
        "<meta name=\"ContentSource\" content=\"局办公室\">",
        "<h1>2026年10月热点咨询回复</h1>",
        "本月共收到来件 4 件，其中咨询 3 件；以下选登 2 条",
        "拟稿：陈某",
        "审核：周某、李某",
        "发布：陈某",
        "受理 <time datetime=\"2026-10-09\">10月9日</time>",
        "答复 <time datetime=\"2026-10-11\">10月11日</time>",
        "不动产中心",
        "二手房过户要哪些材料？",
    ] {
        assert!(page.body.contains(part), "{part} is missing");
    }
    assert!(!page.body.contains("<script") && !page.body.contains("style="));

    let edit = PublicationAct::EditEntry { entry: first, text: text("改过的问题", "改过的答复") };
    office.act(&office.publisher, issue, edit).await.unwrap();
    let page = office.get("/hot/2026-10").await;
    assert!(!page.body.contains("改过的") && !page.body.contains("二手房过户"), "an edit is not public");
    assert!(page.body.contains("老宅原址翻建"));
}

#[tokio::test]
async fn drafts_are_not_there_for_visitors() {
    let office = Office::open().await;
    office.receive(&LETTERS).await;
    let issue = office.october().await;
    let entry = office.add(issue, LETTERS[0].title, text("未公开的问题", "未公开的答复")).await;
    office.approve(issue, entry, 1).await;
    for address in ["/", "/hot", "/hot/2026-10"] {
        assert!(!office.get(address).await.body.contains("未公开的"), "{address}");
    }
    assert_eq!(office.get("/hot/2026-10").await.status, StatusCode::NOT_FOUND);
    let api = Api::new(office.service.clone());
    for document in ["{ publications { id } }", "{ publicationOf(month: \"2026-10\") { id } }"] {
        let response = api.execute(Request::new(document), Session::PUBLIC).await;
        let code = response.errors[0].extensions.as_ref().and_then(|extensions| extensions.get("code")).cloned();
        assert_eq!(code, Some("sign_in_required".into()), "{document}");
    }
}

#[tokio::test]
async fn markup_in_a_text_is_shown_as_text() {
    let office = Office::open().await;
    office.receive(&LETTERS).await;
    let issue = office.october().await;
    let hostile = EntryText {
        question: "<script>alert(1)</script>".to_owned(),
        answer: "第一段\n\n<img src=x onerror=alert(2)>".to_owned(),
        basis: "《办法》\"第三条\"".to_owned(),
    };
    let entry = office.add(issue, LETTERS[0].title, hostile).await;
    office.approve(issue, entry, 1).await;
    office.act(&office.publisher, issue, PublicationAct::Publish).await.unwrap();
    let page = office.get("/hot/2026-10").await;
    assert!(!page.body.contains("<script") && !page.body.contains("<img"));
    assert!(page.body.contains("&lt;script&gt;alert(1)"));
    assert!(page.body.contains("<p>第一段</p>"));
    assert!(page.body.contains("依据：《办法》"));
}

#[tokio::test]
async fn pages_are_sent_with_guards_and_not_sent_twice() {
    let office = Office::open().await;
    office.publish_october().await;
    let page = office.get("/hot/2026-10").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("last-modified"), "Thu, 05 Nov 2026 01:00:00 GMT");
    let tag = page.header("etag").to_owned();
    let again = office.get_with("/hot/2026-10", &[("if-none-match", &tag)]).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let large = office.get_with("/hot/2026-10?text=large", &[("if-none-match", &tag)]).await;
    assert_eq!(large.status, StatusCode::OK);

    let address = page.body.split("href=\"").find(|part| part.starts_with("/assets/")).unwrap();
    let css = office.get(address.split('"').next().unwrap()).await;
    assert_eq!(css.status, StatusCode::OK);
    assert_eq!(css.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(css.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(office.get("/assets/portal.000000000000.css").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_large_text_stays_from_page_to_page() {
    let office = Office::open().await;
    office.publish_october().await;
    let page = office.get("/hot/2026-10?a=b&text=large").await;
    assert!(page.body.contains("<html lang=\"zh-CN\" class=\"large\">"));
    assert!(page.body.contains("<a href=\"/hot/2026-10\">标准字号</a>"));
    assert!(page.body.contains("href=\"/hot?text=large\""));
    let list = office.get("/hot?text=large").await;
    assert!(list.body.contains("href=\"/hot/2026-10?text=large\""));
}

#[tokio::test]
async fn what_is_not_there_is_told_kindly() {
    let office = Office::open().await;
    assert!(office.get("/").await.body.contains("还没有发布过热点咨询"));
    office.publish_october().await;
    for address in ["/hot/2026-09", "/hot/2026-13", "/hot/x%3Cscript%3E", "/nothing/here"] {
        let page = office.get(address).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{address}");
        assert!(page.body.contains("href=\"/hot/2026-10\""), "{address} lists the months");
        assert!(!page.body.contains("<script"), "{address}");
    }
    assert!(office.get("/hot/2026-09").await.body.contains("2026年9月没有热点咨询"));
    let home = office.get("/").await;
    assert!(home.body.contains("href=\"/hot/2026-10\"") && home.body.contains("href=\"/sign-in\""));
    assert!(!home.body.contains("/graphql"), "the developers' page is for developers");
}

#[tokio::test]
async fn an_accident_is_owned_up_to_with_its_number() {
    let office = Office::open().await;
    office.publish_october().await;
    office.service.store().close().await;
    let page = office.get("/hot/2026-10").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    let number = page.body.split("错误编号：").nth(1).unwrap().split('<').next().unwrap();
    assert!(number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_hexdigit()), "{number}");
    assert_eq!(page.header("etag"), "");
}

#[tokio::test]
async fn every_document_is_valid_for_visitors() {
    let office = Office::open().await;
    office.publish_october().await;
    let api = Api::new(office.service.clone());
    for (name, document) in DOCUMENTS {
        let variables = async_graphql::Variables::from_json(serde_json::json!({ "month": "2026-10" }));
        let response = api.execute(Request::new(*document).variables(variables), Session::PUBLIC).await;
        assert_eq!(response.errors, [], "{name}");
    }
}
