//! The monthly issues of the demo: two published, one being prepared.

use huiyin_domain::id::{EntryId, ItemId, PublicationId};
use huiyin_domain::publication::YearMonth;
use huiyin_domain::time::Instant;
use jiff::civil::date;

use super::people::People;
use super::{Failure, Stage};
use crate::service::publication::{EntryText, PublicationAct};
use crate::store::item_list::{Filter, Order, Slice, Told};

/// A published question: a word by which a fitting answered item is found, and the public text.
struct Question {
    word: &'static str,
    text: &'static str,
    answer: &'static str,
    basis: &'static str,
}

const QUESTIONS: &[Question] = &[
    Question {
        word: "抵押",
        text: "贷款还清以后，抵押登记怎么注销？",
        answer: "抵押权注销有两种办法：一是由贷款银行通过系统直接推送，权利人不用跑窗口；二是由权利人持贷款结清证明、\
            不动产登记证明和身份证明，到政务服务大厅不动产登记窗口申请，材料齐全的当场办结，不收登记费。",
        basis: "《不动产登记暂行条例》第二十条",
    },
    Question {
        word: "不动产",
        text: "小区已经交房，不动产证迟迟办不下来怎么办？",
        answer: "首次登记由开发企业申请。交房后仍未办理的，可以先向登记中心查询本小区是否已完成首次登记：已完成的，持购房合同、\
            契税完税凭证和身份证明申请转移登记，自受理之日起三十个工作日内办结；未完成的，登记中心会告知所缺事项并督促开发企业补正。",
        basis: "《不动产登记暂行条例》第二十条",
    },
    Question {
        word: "征地",
        text: "征地补偿款什么时候能发到手里？",
        answer: "征收土地公告发布、补偿安置协议签订以后，补偿款应当足额拨付到位。补偿标准、户数和资金拨付情况在所在村公示栏公示，\
            对面积或者标准有异议的，可以在公示期内向乡镇街道或者征拆中心提出，由工作人员上门复核。",
        basis: "《土地管理法》第四十七条、第四十八条",
    },
    Question {
        word: "规划",
        text: "在哪里能看到规划公示？对公示内容有意见怎么提？",
        answer: "详细规划和建设项目的批前公示，在我局门户网站“规划公示”栏目和项目现场同时发布，公示时间不少于三十日。\
            有意见的，可以在公示期内通过网站、信函或者现场提交，我局会逐条研究并公布采纳情况。",
        basis: "《城乡规划法》第二十六条",
    },
    Question {
        word: "违",
        text: "发现违法占地、违法建设，怎么举报？",
        answer: "可以拨打12336国土资源违法举报电话，或者通过12345热线、局长信箱反映，请尽量写明地点、时间和现场情况。\
            执法人员会在收到线索后到现场核查，核查结果依法告知举报人，举报人信息严格保密。",
        basis: "《土地管理法》第七条",
    },
];

/// Publishes September and October; November is being prepared.
pub(super) async fn publish(stage: &Stage, people: &People) -> Result<(), Failure> {
    let (first, rest) = QUESTIONS.split_at(2);
    for (month, questions) in [(9, rest), (10, QUESTIONS)] {
        let publication = fill(stage, people, YearMonth::new(2026, month)?, questions).await?;
        // The October issue comes out on Thursday morning.
        if let Some(morning) = Instant::from_civil(date(2026, 11, 5).at(9, 0, 0, 0)) {
            stage.until(morning);
        }
        let publisher = people.actor("publisher")?;
        stage.service.act_on_publication(publisher, publication, PublicationAct::Publish, None).await?;
    }
    add_entries(stage, people, YearMonth::new(2026, 11)?, first).await?;
    Ok(())
}

/// An issue with all its entries checked and approved.
async fn fill(
    stage: &Stage,
    people: &People,
    month: YearMonth,
    questions: &[Question],
) -> Result<PublicationId, Failure> {
    let (publication, entries) = add_entries(stage, people, month, questions).await?;
    for entry in entries {
        for (login, act) in [
            ("publisher", PublicationAct::Deidentify { entry, version: 1 }),
            ("review2", PublicationAct::CheckSecrecy { entry, version: 1 }),
            ("review3", PublicationAct::ApproveEntry { entry, version: 1 }),
        ] {
            stage.pass(2);
            stage.service.act_on_publication(people.actor(login)?, publication, act, None).await?;
        }
    }
    Ok(publication)
}

async fn add_entries(
    stage: &Stage,
    people: &People,
    month: YearMonth,
    questions: &[Question],
) -> Result<(PublicationId, Vec<EntryId>), Failure> {
    let publisher = people.actor("publisher")?;
    let created = stage.service.create_publication(publisher, month).await?;
    let publication: PublicationId = created.publication.id.parse()?;
    let (from, to) = (month.first_instant().as_micros(), month.end().as_micros());
    let filter = Filter { asked_to: Some(to), ..Filter::default() };
    let newest = Slice { order: Order::AskedNewest, after: None, limit: 200, told: Told::Facts };
    let answered = stage.service.list_items(publisher, &filter, newest).await?;
    let mut used: Vec<ItemId> = Vec::new();
    let mut entries = Vec::new();
    for question in questions {
        // A question of the month itself where there is one.
        let mut fitting: Vec<_> = answered.iter().filter(|row| row.title.contains(question.word)).collect();
        fitting.sort_by_key(|row| row.asked_at < from);
        let ids = fitting.iter().filter_map(|row| row.id.parse::<ItemId>().ok());
        let Some(item) = ids.into_iter().find(|id| !used.contains(id)) else { continue };
        used.push(item);
        let text = EntryText {
            question: question.text.to_owned(),
            answer: question.answer.to_owned(),
            basis: question.basis.to_owned(),
        };
        stage.pass(4);
        let act = PublicationAct::AddEntry { item, text };
        let done = stage.service.act_on_publication(publisher, publication, act, None).await?;
        entries.extend(done.entry);
    }
    Ok((publication, entries))
}
