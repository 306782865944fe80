//! Writes titles, texts and answers.

use jiff::civil::Date;

use super::message::Kind;
use super::phrases;
use super::rng::Rng;
use super::topics::{self, Topic};
use super::words::{Scene, fill};

/// Quantiles of the length of a text, in characters: log-normal with a median of 165.
const BODY_LENGTH: &[u64] = &[46, 72, 87, 100, 112, 125, 138, 151, 165, 180, 197, 217, 242, 272, 312, 376, 590];
/// The same of an answer, with a median of 170.
const ANSWER_LENGTH: &[u64] = &[80, 95, 110, 125, 140, 155, 170, 185, 205, 230, 260, 300, 360];

/// What a message says, apart from who says it and when.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) topic: &'static Topic,
    pub(super) kind: Kind,
    pub(super) scene: Scene,
    pub(super) title: String,
    pub(super) body: String,
}

impl Content {
    /// What somebody writes on `today`. `None` only when there is no subject at all.
    pub(super) fn new(today: Date, rng: &mut Rng) -> Option<Self> {
        let topic = topics::at(rng.position(topics::count()))?;
        // Any subject can draw any kind, once in a while.
        let kind = if rng.chance(60) { rng.pick(&Kind::ALL) } else { rng.pick(topic.kinds) };
        let scene = Scene::new(today, rng);
        let title = title(topic, kind, &scene, rng);
        let body = body(topic, kind, &scene, rng);
        Some(Self { topic, kind, scene, title, body })
    }
}

fn title(topic: &Topic, kind: Kind, scene: &Scene, rng: &mut Rng) -> String {
    let mut title = String::new();
    let own = rng.pick(topic.titles);
    if suits(own, kind) && rng.chance(500) {
        fill(&mut title, own, scene, rng);
    } else {
        let template = rng.pick(phrases::titles(kind)).replace("{matter}", rng.pick(topic.matters));
        fill(&mut title, &template, scene, rng);
    }
    match title.char_indices().nth(30) {
        Some((end, _)) => title.truncate(end),
        None => {
            if title.chars().count() < 8 {
                title.push_str("的有关情况");
            }
        }
    }
    title
}

/// Whether a subject's own title can stand over a message of this kind: by the verb it uses, if any.
fn suits(title: &str, kind: Kind) -> bool {
    let says = |words: &[&str]| words.iter().any(|word| title.contains(word));
    match kind {
        Kind::Praise => says(&["感谢", "点赞"]),
        Kind::Suggestion => says(&["建议"]),
        Kind::Report => says(&["举报", "违法", "未批先建", "非法", "擅自", "毁田", "越界"]),
        Kind::Consult => says(&["咨询", "怎么", "如何", "何时", "请问", "什么", "吗", "多少"]),
        Kind::Help => says(&["请求", "请处理", "怎么办", "何时", "突然", "未"]),
        Kind::Complaint => !says(&["建议", "举报", "咨询", "请问", "感谢", "点赞", "请求", "如何", "怎么"]),
        Kind::Other => false,
    }
}

fn body(topic: &Topic, kind: Kind, scene: &Scene, rng: &mut Rng) -> String {
    let target = rng.by_quantiles(BODY_LENGTH);
    let mut body = String::with_capacity(900);
    if rng.chance(700) {
        fill(&mut body, rng.pick(phrases::OPENINGS), scene, rng);
    }
    let (facts, circumstances) = match kind {
        Kind::Praise => (phrases::PRAISES, &[][..]),
        _ => (topic.facts, phrases::CIRCUMSTANCES),
    };
    let (facts, circumstances) = (rng.shuffled(facts), rng.shuffled(circumstances));
    let (mut facts, mut circumstances) = (facts.into_iter(), circumstances.into_iter());
    // The demand and the closing take about thirty characters.
    while length(&body) + 30 < target {
        let fact = if rng.chance(750) { facts.next() } else { None };
        let Some(sentence) = fact.or_else(|| circumstances.next()) else { break };
        fill(&mut body, sentence, scene, rng);
    }
    if let Some(fact) = facts.next().filter(|_| length(&body) < 20) {
        fill(&mut body, fact, scene, rng);
    }
    fill(&mut body, rng.pick(phrases::demands(kind)), scene, rng);
    if rng.chance(150) {
        fill(&mut body, rng.pick(phrases::CONTACTS), scene, rng);
    }
    if rng.chance(600) {
        fill(&mut body, rng.pick(phrases::CLOSINGS), scene, rng);
    }
    body
}

/// The official answer to `content`, told in `scene`, or one that only holds the sender off.
pub(super) fn answer(content: &Content, scene: &Scene, holding: bool, rng: &mut Rng) -> String {
    let Content { topic, kind, title, .. } = content;
    let mut text = String::with_capacity(1_200);
    let say = |template: &str, text: &mut String, rng: &mut Rng| {
        let template = template.replace("{unit}", topic.unit).replace("{title}", title);
        fill(text, &template, scene, rng);
    };
    if holding {
        say(rng.pick(phrases::HOLDING_ANSWERS), &mut text, rng);
        return text;
    }
    let target = rng.by_quantiles(ANSWER_LENGTH);
    say(rng.pick(phrases::ANSWER_OPENINGS), &mut text, rng);
    if *kind == Kind::Praise {
        say(rng.pick(phrases::PRAISE_FINDINGS), &mut text, rng);
    } else {
        say(rng.pick(topic.findings), &mut text, rng);
        say(topic.basis, &mut text, rng);
        let mut steps = rng.shuffled(phrases::ANSWER_STEPS).into_iter();
        // The end takes about thirty characters.
        while let Some(step) = steps.next().filter(|_| length(&text) + 30 < target) {
            say(step, &mut text, rng);
        }
    }
    say(rng.pick(phrases::ANSWER_ENDS), &mut text, rng);
    text
}

/// Characters in a Chinese text, near enough for a target: nearly all are three bytes long.
fn length(text: &str) -> u64 {
    u64::try_from(text.len() / 3).unwrap_or(u64::MAX)
}
