//! The invented city 青溪市: its towns, villages, roads, estates, companies and people.
//!
//! Everything is put together from syllables. The telephone numbers lie in ranges whose middle block is 0000, and the
//! area code 0700 is not in use, so that no number belongs to anybody.

use jiff::Span;
use jiff::civil::Date;

use super::rng::Rng;

pub(super) const TOWNS: &[&str] = &[
    "云梭镇",
    "鹭汀镇",
    "苔桥镇",
    "枫笛乡",
    "柳砚街道",
    "东箫街道",
    "南弦街道",
    "金苇街道",
    "望棹镇",
    "松笺乡",
    "双荻镇",
    "麦渡镇",
    "晴橹镇",
    "霁湖街道",
];

pub(super) const DISTRICTS: &[&str] = &["苇南区", "苇北区", "棹阳县", "高新区"];

const FIRST: &str = "竹石梨杏橘槐柏桐荷菱鹭鹤雁鲤磨碾砚笔灯纺渔樵牧禾麦稻豆茶桑麻藕月星霜露晴霞虹岚荻苇棹箫弦笺橹梭笛蓑犁铧榆枣柿椒葛藤菖蒲芦茅";
const LAST: &str = "坪塘垄冲湾岭坡坝桥井溪泉渡埠洲洞峪畈墩岗滩圩沟台";
const STREET: &str = "汀兰澜屿棠锦霁沁岫璃珩苓蕙芷蘅溆湄浔沅淇泓漪潼澄";
const GARDEN: &[&str] = &["府", "苑", "里", "庭", "院", "居", "城", "园", "华庭", "雅苑", "新村", "公馆"];
const ROAD: &[&str] = &["路", "大道", "街", "巷", "东路", "西路", "南路", "北路", "二路"];
const TRADE: &[&str] =
    &["置业", "建材", "矿业", "石料", "砂石", "新能源", "农业开发", "物流", "机械", "测绘", "建设", "商贸", "文旅"];
const SURNAMES: &str = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹喻柏窦章苏潘葛范彭鲁韦马方俞任袁柳鲍史唐薛雷贺倪汤";
const COMPOUND: &[&str] = &["欧阳", "上官", "司徒", "诸葛", "令狐", "慕容"];
const GIVEN: &str = "建国华明志强海波晓燕春梅秀英丽娟玉兰德胜文武平安永康长生新民庆丰雨晴子涵思远若水星辰振宇佳怡浩然俊杰雪松云飞冬青秋实立群继先";

/// One character of `pool`.
fn syllable(rng: &mut Rng, pool: &str) -> char {
    // All pools hold characters of three bytes, so that a place in the pool is a place in its bytes.
    let at = rng.position(pool.len() / 3) * 3;
    pool.get(at..at + 3).and_then(|text| text.chars().next()).unwrap_or('青')
}

/// Where a message plays, and who is in it: the names that must stay the same throughout one message.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) district: &'static str,
    pub(super) town: &'static str,
    pub(super) village: String,
    pub(super) road: String,
    pub(super) estate: String,
    pub(super) company: String,
    pub(super) project: String,
    pub(super) hill: String,
    group: String,
    block: String,
    /// The day on which it is told: the dates in it lie before and behind.
    today: Date,
    /// How many days back a date may lie.
    reach: u64,
}

impl Scene {
    /// A scene told on `today`.
    pub(super) fn new(today: Date, rng: &mut Rng) -> Self {
        let mut two = |first: &str, last: &str| {
            let (left, right) = (syllable(rng, first), syllable(rng, last));
            format!("{left}{right}")
        };
        let (village, road, estate) = (two(FIRST, LAST), two(FIRST, STREET), two(STREET, FIRST));
        let (company, project, hill) = (two(STREET, STREET), two(STREET, LAST), two(FIRST, "山峰岩坳岭"));
        Self {
            district: rng.pick(DISTRICTS),
            town: rng.pick(TOWNS),
            village: village + "村",
            road: road + rng.pick(ROAD),
            estate: estate + rng.pick(GARDEN),
            company: format!("青溪{company}{}有限公司", rng.pick(TRADE)),
            project: project + rng.pick(&["产业园", "片区改造", "水厂", "安置区", "物流园", "学校", "变电站", "市场"]),
            hill,
            group: format!("{}组", rng.between(1, 18)),
            block: format!("{}栋{}单元", rng.between(1, 28), rng.between(1, 4)),
            today,
            reach: 45,
        }
    }

    /// The same scene told on `today`, about what happened in the `reach` days before.
    pub(super) fn told_on(&self, today: Date, reach: u64) -> Self {
        Self { today, reach, ..self.clone() }
    }

    /// `back` days before or `forward` days after the day on which it is told.
    fn day(&self, back: u64, forward: u64) -> String {
        let days = i64::try_from(forward).unwrap_or(0) - i64::try_from(back).unwrap_or(0);
        let day = self.today.saturating_add(Span::new().days(days));
        format!("{}月{}日", day.month(), day.day())
    }
}

/// A full name.
pub(super) fn person(rng: &mut Rng) -> String {
    let mut name = if rng.chance(20) { rng.pick(COMPOUND).to_owned() } else { syllable(rng, SURNAMES).to_string() };
    name.push(syllable(rng, GIVEN));
    if rng.chance(780) {
        name.push(syllable(rng, GIVEN));
    }
    name
}

/// A mobile number that belongs to nobody.
pub(super) fn mobile(rng: &mut Rng) -> String {
    format!("{}0000{:04}", rng.pick(&["199", "198", "166"]), rng.below(10_000))
}

/// An office's number that belongs to nobody.
pub(super) fn landline(rng: &mut Rng) -> String {
    format!("0700-000{:04}", rng.below(10_000))
}

/// Puts words into `template`, whose slots are written `{town}`, and adds it to `out`. A slot without a meaning stays
/// as it is; a test sees to it that there is none.
pub(super) fn fill(out: &mut String, template: &str, scene: &Scene, rng: &mut Rng) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((slot, behind)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        put_word(out, slot, scene, rng);
        rest = behind;
    }
    out.push_str(rest);
}

fn put_word(out: &mut String, slot: &str, scene: &Scene, rng: &mut Rng) {
    let word = match slot {
        "district" => return out.push_str(scene.district),
        "town" => return out.push_str(scene.town),
        "village" => return out.push_str(&scene.village),
        "road" => return out.push_str(&scene.road),
        "estate" => return out.push_str(&scene.estate),
        "company" => return out.push_str(&scene.company),
        "project" => return out.push_str(&scene.project),
        "hill" => return out.push_str(&scene.hill),
        "group" => return out.push_str(&scene.group),
        "block" => return out.push_str(&scene.block),
        "person" => person(rng),
        "phone" => mobile(rng),
        "office" => landline(rng),
        "number" => rng.between(1, 399).to_string(),
        "count" => rng.between(2, 9).to_string(),
        "households" => rng.between(6, 320).to_string(),
        "mu" => format!("{}.{}", rng.between(1, 80), rng.below(10)),
        "sqm" => format!("{}.{:02}", rng.between(60, 480), rng.below(100)),
        "metres" => rng.between(2, 90).to_string(),
        "money" => format!("{}.{}", rng.between(1, 58), rng.below(10)),
        "year" => rng.between(1_996, 2_025).to_string(),
        "day" => scene.day(rng.between(0, scene.reach), 0),
        "due" => scene.day(0, rng.between(10, 60)),
        "cert" => format!("青({})青溪市不动产权第{:07}号", rng.between(2_017, 2_026), rng.below(10_000_000)),
        "parcel" => format!("QX-{}-{:03}", rng.between(2_019, 2_026), rng.below(1_000)),
        unknown => format!("{{{unknown}}}"),
    };
    out.push_str(&word);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pool_is_made_of_three_byte_characters() {
        for pool in [FIRST, LAST, STREET, SURNAMES, GIVEN] {
            assert!(pool.chars().all(|character| character.len_utf8() == 3), "{pool}");
        }
    }

    #[test]
    fn slots_are_filled_and_unknown_ones_are_left() {
        let mut rng = Rng::new(1, 1, 1);
        let scene = Scene::new(jiff::civil::date(2026, 10, 9), &mut rng);
        let mut out = String::new();
        fill(&mut out, "在{town}的{nothing}{", &scene, &mut rng);
        assert_eq!(out, format!("在{}的{{nothing}}{{", scene.town));
        assert!(mobile(&mut rng).get(3..7) == Some("0000"));
    }
}
