//! Accounts, units, and what is one's own, through the forms of the pages.

use huiyin::store::db::statements_run;

use super::browser::Browser;
use crate::api::second_factor::enrol;
use crate::support::app::{PASSWORD, TestApp};

const NEW: &str = "Own-secret-7";

/// The address of an account's page.
async fn address(app: &TestApp, login: &str) -> String {
    format!("/desk/accounts/{}", app.account(login).await.strip_prefix("account:").unwrap())
}

/// Sends a form; it is done, and the page it leads to says so.
async fn does(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)], says: &str) -> String {
    let sent = browser.post(path, fields).await;
    assert_eq!(sent.status, 303, "{path} {fields:?}: {}", sent.body);
    let page = browser.get(&sent.location).await;
    assert!(page.body.contains(says), "{says}: {}", page.body);
    sent.location
}

#[tokio::test]
async fn somebody_new_is_added_given_a_role_and_changes_the_first_password() {
    let app = TestApp::start().await;
    let mut sysadmin = Browser::of(&app, "sysadmin").await;
    let unit = app.unit("planning").to_owned();
    let wrong = [("login", "新"), ("name", "孙某"), ("unit", unit.as_str()), ("password", "Given-2026")];
    let refused = sysadmin.post("/desk/accounts", &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("id=\"f-login-wrong\"") && refused.body.contains("value=\"孙某\""));
    assert!(!refused.body.contains("Given-2026"), "passwords are never sent back");
    let new = [("login", "sun"), ("name", "孙某"), ("unit", unit.as_str()), ("password", "Given-2026")];
    let page = does(&mut sysadmin, "/desk/accounts", &new, "已新增账号").await;
    assert_eq!(page, address(&app, "sun").await);
    // Who manages accounts gives no roles, and who gives roles manages no accounts.
    let body = sysadmin.get(&page).await.body;
    assert!(!body.contains("保存角色") && body.contains("保存单位") && body.contains("确认停用"));
    let roles = [("act", "roles"), ("roles", "handler")];
    let refused = sysadmin.post(&page, &roles).await;
    assert!(refused.status == 422 && refused.body.contains("您的角色不能进行此操作"), "{}", refused.body);
    let mut secadmin = Browser::of(&app, "secadmin").await;
    let body = secadmin.get(&page).await.body;
    assert!(body.contains("保存角色") && !body.contains("保存单位") && !body.contains("确认停用"));
    let both = [("act", "roles"), ("roles", "handler"), ("roles", "auditor")];
    let refused = secadmin.post(&page, &both).await;
    assert!(refused.status == 422 && refused.body.contains("须由三人分任"), "{}", refused.body);
    does(&mut secadmin, &page, &roles, "角色已调整").await;

    // At the first sign-in nothing opens but the own account.
    let mut sun = Browser::new(&app);
    let signed_in = sun.post("/sign-in", &[("login", "sun"), ("password", "Given-2026")]).await;
    assert_eq!(signed_in.status, 303);
    for path in ["/desk", "/desk/items", "/desk/help"] {
        let page = sun.get(path).await;
        assert_eq!((page.status, page.location.as_str()), (303, "/desk/me"), "{path}");
    }
    let page = sun.get("/desk/me").await;
    assert!(page.status == 200 && page.body.contains("请先改成自己的密码") && !page.body.contains("访问令牌"));
    let differ = [("act", "password"), ("present", "Given-2026"), ("new", NEW), ("again", "Other-1234")];
    let refused = sun.post("/desk/me", &differ).await;
    assert!(refused.status == 422 && refused.body.contains("两次输入的新密码不一样") && !refused.body.contains(NEW));
    let changed = [("act", "password"), ("present", "Given-2026"), ("new", NEW), ("again", NEW)];
    does(&mut sun, "/desk/me", &changed, "密码已修改").await;
    assert!(sun.get("/desk/items").await.body.contains("还没有您能看到的来件"));

    // Disabled, the person is out at once.
    let page = address(&app, "sun").await;
    does(&mut sysadmin, &page, &[("act", "active"), ("active", "off")], "已停用").await;
    assert_eq!(sun.get("/desk").await.location, "/sign-in");
}

#[tokio::test]
async fn a_lost_password_and_a_lock_are_mended() {
    let app = TestApp::start().await;
    let mut other = Browser::new(&app);
    for _ in 0..5 {
        other.post("/sign-in", &[("login", "handler"), ("password", "Wrong-2026")]).await;
    }
    let locked = other.post("/sign-in", &[("login", "handler"), ("password", PASSWORD)]).await;
    assert!(locked.status == 422 && locked.body.contains("登录失败次数过多"), "{}", locked.body);
    let mut sysadmin = Browser::of(&app, "sysadmin").await;
    let page = address(&app, "handler").await;
    assert!(sysadmin.get("/desk/accounts").await.body.contains("已锁定"));
    does(&mut sysadmin, &page, &[("act", "unlock")], "已解除锁定").await;
    assert_eq!(other.post("/sign-in", &[("login", "handler"), ("password", PASSWORD)]).await.status, 303);
    let weak = sysadmin.post(&page, &[("act", "password"), ("password", "short")]).await;
    assert!(weak.status == 422 && weak.body.contains("id=\"f-password-wrong\""), "{}", weak.body);
    assert!(weak.unfolds("id=\"f-password-wrong\"") && !weak.unfolds("确认停用"), "{}", weak.body);
    does(&mut sysadmin, &page, &[("act", "password"), ("password", "Given-2026")], "密码已重置").await;
    assert_eq!(other.get("/desk").await.location, "/sign-in", "the session has ended");
    let survey = app.unit("survey").to_owned();
    does(&mut sysadmin, &page, &[("act", "unit"), ("unit", survey.as_str())], "单位已调整").await;
    assert!(sysadmin.get(&page).await.body.contains("<dd>测绘科</dd>"));
    // The own account is managed by somebody else.
    let own = address(&app, "sysadmin").await;
    assert!(sysadmin.get(&own).await.body.contains("由另一位管理员管理"));
    assert_eq!(sysadmin.get("/desk/accounts/nobody").await.status, 404);
}

#[tokio::test]
async fn sessions_tokens_and_the_second_factor_are_ones_own() {
    let app = TestApp::start().await;
    let mut desk = Browser::of(&app, "handler").await;
    let mut phone = Browser::of(&app, "handler").await;
    assert_eq!(desk.get("/desk/me").await.body.matches("value=\"revoke\"").count(), 1);
    does(&mut desk, "/desk/me", &[("act", "revoke-others")], "其他登录已退出").await;
    assert_eq!(phone.get("/desk").await.location, "/sign-in");

    let refused = desk.post("/desk/me", &[("act", "token"), ("name", "报表<b>"), ("days", "30")]).await;
    assert!(refused.status == 422 && refused.body.contains("请至少选择一项权限"), "{}", refused.body);
    let token = [("act", "token"), ("name", "报表<b>"), ("days", "30"), ("scopes", "read")];
    let shown = desk.post("/desk/me", &token).await;
    assert!(shown.status == 200 && shown.body.contains("class=\"secret\">hy_"), "{}", shown.body);
    let page = desk.get("/desk/me").await;
    assert!(page.body.contains("报表&lt;b&gt;") && !page.body.contains(">hy_"), "it is shown once");
    let id = page.body.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    does(&mut desk, "/desk/me", &[("act", "revoke-token"), ("token", id.as_str())], "访问令牌已撤销").await;

    let begun = desk.post("/desk/me", &[("act", "begin")]).await;
    assert!(begun.status == 200 && begun.body.contains("otpauth://totp/"), "{}", begun.body);
    let wrong = desk.post("/desk/me", &[("act", "confirm"), ("code", "000000")]).await;
    assert!(wrong.status == 422 && wrong.body.contains("id=\"f-code-wrong\""), "{}", wrong.body);

    // The security administrator ends anybody's session.
    let page = address(&app, "handler").await;
    let mut secadmin = Browser::of(&app, "secadmin").await;
    let body = secadmin.get(&page).await.body;
    let session = body.split("name=\"session\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    does(&mut secadmin, &page, &[("act", "session"), ("session", session.as_str())], "该登录已退出").await;
    assert_eq!(desk.get("/desk").await.location, "/sign-in");
}

#[tokio::test]
async fn a_refused_form_is_told_in_its_own_place() {
    let app = TestApp::start().await;
    let mut desk = Browser::of(&app, "handler").await;
    enrol(&app).await;
    assert!(!desk.get("/desk/me").await.unfolds("确认停用"));
    let refused = desk.post("/desk/me", &[("act", "remove"), ("password", "Wrong-2026")]).await;
    assert!(refused.status == 422 && refused.unfolds("id=\"f-password-wrong\""), "{}", refused.body);
    assert!(!refused.body.contains("f-present-wrong") && !refused.body.contains("Wrong-2026"), "{}", refused.body);

    // What was chosen for a token stays chosen.
    assert!(desk.get("/desk/me").await.body.contains("value=\"read\" checked>"));
    let token = [("act", "token"), ("name", ""), ("days", "30"), ("scopes", "write")];
    let refused = desk.post("/desk/me", &token).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("value=\"read\">") && refused.body.contains("value=\"write\" checked>"));
    does(&mut desk, "/desk/me", &[("act", "remove"), ("password", PASSWORD)], "动态口令已停用").await;
}

#[tokio::test]
async fn units_are_added_renamed_and_put_out_of_use() {
    let app = TestApp::start().await;
    let mut sysadmin = Browser::of(&app, "sysadmin").await;
    let add = [("act", "add"), ("code", "village"), ("name", "村镇科\"><script>"), ("kind", "section")];
    does(&mut sysadmin, "/desk/units", &add, "已新增单位").await;
    let again = sysadmin.post("/desk/units", &add).await;
    assert!(again.status == 422 && again.body.contains("id=\"f-code-wrong\"") && !again.body.contains("<script>"));
    let unit = app.unit("survey").to_owned();
    let rename = [("act", "rename"), ("unit", unit.as_str()), ("name", "测绘地理信息科")];
    does(&mut sysadmin, "/desk/units", &rename, "<span>测绘地理信息科</span>").await;
    let off = [("act", "active"), ("unit", unit.as_str()), ("active", "off")];
    does(&mut sysadmin, "/desk/units", &off, "已停用，不能再派单").await;
    let mut office = Browser::of(&app, "office").await;
    let page = office.get("/desk/units").await;
    assert!(page.body.contains("测绘地理信息科") && !page.body.contains("action=\"/desk/units\""));
    let refused = office.post("/desk/units", &rename).await;
    assert!(refused.status == 422 && refused.body.contains("您的角色不能进行此操作"), "{}", refused.body);
    let refused = office.post("/desk/units", &off).await;
    assert_eq!((refused.status, refused.location.as_str()), (303, "/desk/units"));
    assert!(office.get("/desk/units").await.body.contains("您的角色不能进行此操作"));
    // A name that is refused is told where it was typed, and is not taken for a new unit's.
    let blank = [("act", "rename"), ("unit", unit.as_str()), ("name", " ")];
    let refused = sysadmin.post("/desk/units", &blank).await;
    assert_eq!(refused.status, 422);
    assert!(refused.unfolds("-wrong\"><span") && !sysadmin.get("/desk/units").await.unfolds("改名"));
    let new = refused.body.split("id=\"add\"").nth(1).unwrap();
    assert!(new.contains("name=\"name\" type=\"text\" maxlength=\"64\" autocomplete=\"off\" value=\"\""), "{new}");
    assert!(!new.contains("class=\"wrong\""), "{new}");
}

#[tokio::test]
async fn a_page_costs_the_same_however_many_accounts_there_are() {
    let app = TestApp::start().await;
    let mut sysadmin = Browser::of(&app, "sysadmin").await;
    let page = address(&app, "handler").await;
    let unit = app.unit("planning").to_owned();
    // The names of units are remembered from the first page on.
    sysadmin.get("/desk/accounts").await;
    let mut counts = Vec::new();
    for added in [0, 5] {
        for number in 0..added {
            let login = format!("new{number}");
            let new = [("login", login.as_str()), ("name", "某"), ("unit", unit.as_str()), ("password", "Given-2026")];
            assert_eq!(sysadmin.post("/desk/accounts", &new).await.status, 303);
            sysadmin.get(&page).await;
        }
        let mut count = Vec::new();
        for path in ["/desk/accounts", &page, "/desk/units", "/desk/me"] {
            let before = statements_run();
            assert_eq!(sysadmin.get(path).await.status, 200);
            count.push(statements_run() - before);
        }
        counts.push(count);
    }
    assert_eq!(counts[0], counts[1]);
}
