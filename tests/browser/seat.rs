//! Somebody at a desk: what people of the bureau do on the pages, by mouse and keyboard.

use crate::support::browser::{Browser, Page, Width};
use crate::support::demo::PASSWORD;

/// What units answer.
pub const REPLY: &str = "您好，您反映的情况已经核实。该楼已完成首次登记，请持购房合同、契税完税凭证和身份证明，到政务服务大厅不动产登记窗口\
                     申请转移登记，自受理之日起五个工作日内办结。感谢您的关心和支持。";

/// Somebody at a desk, who looks at what they did on their telephone, too.
pub struct Seat {
    pub desk: Page,
    pub phone: Page,
}

impl Seat {
    /// Signs in by hand.
    pub async fn of(browser: &Browser, login: &str) -> Self {
        let desk = browser.page(Width::Desk).await;
        desk.open("/sign-in").await;
        desk.fill("登录名", login).await;
        desk.fill("密码", PASSWORD).await;
        assert_eq!((desk.follow("登录").await, desk.address().await.as_str()), (200, "/desk"), "{login}");
        let phone = browser.page(Width::Phone).await;
        phone.sign_in(login, PASSWORD).await;
        Self { desk, phone }
    }

    /// Takes a picture of the page on both screens; it has to fit, keep the rules of axe-core, and be calm.
    pub async fn shows(&self, station: &str) {
        let address = self.desk.address().await;
        self.phone.open(&address).await;
        for page in [&self.desk, &self.phone] {
            page.screenshot(&format!("day-{station}")).await;
            let mut wrong = page.overflows().await;
            wrong.extend(page.foreign().await);
            wrong.extend(page.axe().await.unwrap_or_default().iter().map(ToString::to_string));
            assert!(wrong.is_empty(), "{station}, {address} ({}):\n  {}", page.width().name(), wrong.join("\n  "));
            page.assert_calm();
        }
    }

    /// Presses what leads to another page, which has to say that it is done.
    pub async fn presses(&self, what: &str, says: &str) {
        let status = self.desk.follow(what).await;
        assert_eq!(status, 200, "{what}: {}", self.desk.texts("main").await.concat());
        self.desk.wait_for_text(says).await;
    }

    /// Opens a page, which is there.
    pub async fn opens(&self, path: &str) {
        assert_eq!(self.desk.open(path).await, 200, "{path}");
    }

    /// Opens the page of an item.
    pub async fn opens_item(&self, number: i64) {
        self.opens(&format!("/desk/items/{number}")).await;
    }

    /// The office sends an item to a unit.
    pub async fn routes(&self, number: i64, unit: &str) {
        self.opens_item(number).await;
        self.desk.fill("主办单位", unit).await;
        self.presses("form[action$='/assign'] button.primary", "已派单。").await;
    }

    /// A unit takes an item on.
    pub async fn accepts(&self, number: i64) {
        self.opens_item(number).await;
        self.presses("form[action$='/accept'] button", "已签收，可以起草答复。").await;
    }

    /// A unit says that it is not theirs.
    pub async fn returns(&self, number: i64, suggested: &str, station: &str) {
        self.opens_item(number).await;
        self.desk.click("summary[data-press=r]").await;
        self.desk.fill("退单理由", "非本单位职责").await;
        self.desk.fill("职责依据", "三定方案第五条：此类登记事项不归本单位办理。").await;
        self.desk.fill("建议承办单位", suggested).await;
        self.desk.screenshot(&format!("day-{station}")).await;
        self.presses("form[action$='/request-return'] button", "已退单，等待办公室审核。").await;
    }

    /// A unit writes the reply and hands it in.
    pub async fn answers(&self, number: i64) {
        self.opens_item(number).await;
        self.desk.fill("给诉求人的答复", REPLY).await;
        self.presses("提交审核", "已提交审核").await;
    }

    /// A reviewer approves it.
    pub async fn approves(&self, number: i64) {
        self.opens_item(number).await;
        assert!(self.desk.has_text(REPLY).await, "question and reply are side by side");
        self.presses("form[action$='/approve'] button.primary", "已审核通过。").await;
    }

    /// The office gives it out.
    pub async fn releases(&self, number: i64) {
        self.opens_item(number).await;
        self.desk.click("summary[data-press=a]").await;
        self.presses("form[action$='/release'] button", "已签发答复。").await;
    }
}
