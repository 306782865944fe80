//! What the sample promises, and that the bundled files are what the generator makes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use calamine::{Data, Reader as _, open_workbook_auto};

use super::write::write_xlsx;
use super::*;

fn set(items: usize) -> Vec<SampleMessage> {
    generate(7, items, &Options::default()).collect()
}

fn share(part: usize, whole: usize) -> usize {
    part * 1_000 / whole
}

/// All texts of a message.
fn texts(message: &SampleMessage) -> [&str; 3] {
    [&message.title, &message.body, message.answer.as_ref().map_or("", |answer| answer.text.as_str())]
}

#[test]
fn the_same_seed_gives_the_same_messages_and_another_seed_others() {
    assert_eq!(set(300), set(300));
    let other: Vec<_> = generate(8, 300, &Options::default()).collect();
    assert!(set(300).iter().zip(&other).all(|(left, right)| left.body != right.body));
}

#[test]
fn a_set_of_any_size_begins_at_once() {
    let mut endless = generate(1, usize::MAX, &Options::default());
    assert_eq!(endless.next().unwrap().number, 1);
    assert_eq!(generate(1, 0, &Options::default()).count(), 0);
    assert_eq!(generate(1, 3, &Options::default()).size_hint(), (3, Some(3)));
    let no_days = Options { days: 0, ..Options::default() };
    assert_eq!(generate(1, 3, &no_days).count(), 3);
}

#[test]
fn texts_are_complete_and_of_the_usual_length() {
    let messages = set(5_000);
    let mut lengths = Vec::new();
    for message in &messages {
        assert!((8..=30).contains(&message.title.chars().count()), "{}", message.title);
        assert!(texts(message).iter().all(|text| !text.contains(['{', '}'])), "{message:?}");
        lengths.push(message.body.chars().count());
        if let Some(answer) = message.answer.as_ref().filter(|answer| !answer.holding) {
            assert!((60..=480).contains(&answer.text.chars().count()), "{}", answer.text);
            assert!(message.kind == Kind::Praise || answer.text.contains("根据"), "no basis: {}", answer.text);
        }
    }
    lengths.sort_unstable();
    assert!((120..=300).contains(&lengths[2_500]), "median {}", lengths[2_500]);
    assert!(lengths[250] >= 40 && lengths[4_750] <= 600, "{} {}", lengths[250], lengths[4_750]);
}

#[test]
fn subjects_kinds_and_words_are_varied() {
    let messages = set(5_000);
    let topics: HashSet<_> = messages.iter().map(|message| message.topic).collect();
    let kinds: HashSet<_> = messages.iter().map(|message| message.kind).collect();
    assert!(topics.len() >= 25, "{}", topics.len());
    assert_eq!(kinds.len(), Kind::ALL.len());
    assert!(messages.iter().any(|message| message.urgent));
    let mut bigrams = HashSet::new();
    for message in &messages {
        let text: Vec<char> = message.body.chars().collect();
        bigrams.extend(text.windows(2).map(|pair| (pair[0], pair[1])));
    }
    assert!(bigrams.len() > 12_000, "{}", bigrams.len());
}

#[test]
fn one_in_twenty_repeats_an_earlier_message_exactly() {
    let messages = set(5_000);
    let repeats: Vec<_> = messages.iter().filter(|message| message.repeats.is_some()).collect();
    assert!((40..=60).contains(&share(repeats.len(), messages.len())), "{}", repeats.len());
    let mut same_sender = 0;
    for repeat in &repeats {
        let original = &messages[usize::try_from(repeat.repeats.unwrap()).unwrap() - 1];
        assert_eq!(original.repeats, None);
        assert_eq!((&original.title, &original.body, original.dirt), (&repeat.title, &repeat.body, None));
        assert!(original.number < repeat.number);
        same_sender += usize::from(original.sender == repeat.sender && original.phone == repeat.phone);
    }
    assert!((300..=500).contains(&share(same_sender, repeats.len())), "{same_sender}");
}

#[test]
fn three_in_five_are_answered_and_old_ones_are_left_lying() {
    let messages = set(5_000);
    let answers: Vec<_> = messages.iter().filter_map(|message| Some((message, message.answer.as_ref()?))).collect();
    assert!((550..=650).contains(&share(answers.len(), messages.len())), "{}", answers.len());
    let holding = answers.iter().filter(|(_, answer)| answer.holding).count();
    assert!((50..=110).contains(&share(holding, answers.len())), "{holding}");
    let end = jiff::civil::date(2026, 11, 1).at(0, 0, 0, 0);
    assert!(answers.iter().all(|(message, answer)| message.asked_at < answer.at && answer.at < end));
    let august = jiff::civil::date(2026, 9, 1).at(0, 0, 0, 0);
    let lying = messages.iter().filter(|message| message.asked_at < august && message.answer.is_none()).count();
    assert!(lying > 100, "{lying}");
}

#[test]
fn messages_come_over_three_months_mostly_in_office_hours() {
    let messages = set(5_000);
    let months: BTreeSet<_> = messages.iter().map(|message| message.asked_at.month()).collect();
    assert_eq!(months, BTreeSet::from([8, 9, 10]));
    let office = messages.iter().filter(|message| (8..18).contains(&message.asked_at.hour())).count();
    assert!((700..900).contains(&share(office, messages.len())), "{office}");
    assert!(messages.is_sorted_by_key(|message| message.asked_at.date()));
}

#[test]
fn some_rows_are_dirty_and_few_cannot_be_read() {
    let messages = set(5_000);
    let dirty: BTreeSet<_> = messages.iter().filter_map(|message| message.dirt).collect();
    assert_eq!(dirty, BTreeSet::from(Dirt::ALL));
    let count = messages.iter().filter(|message| message.dirt.is_some()).count();
    assert!((20..=50).contains(&share(count, messages.len())), "{count}");
    assert_eq!(messages.iter().filter(|message| message.unreadable.is_some()).count(), 5);
}

#[test]
fn every_number_belongs_to_nobody() {
    let invented = |run: &str| ["1990000", "1980000", "1660000"].iter().any(|range| run.starts_with(range));
    let mut seen = 0;
    for message in set(2_000) {
        for text in texts(&message).into_iter().chain([message.phone.as_str()]) {
            for run in text.split(|character: char| !character.is_ascii_digit()).filter(|run| run.len() >= 9) {
                assert!(run.len() == 11 && invented(run), "{run}");
                seen += 1;
            }
        }
    }
    assert!(seen > 2_200, "some bodies hold numbers: {seen}");
}

#[test]
fn csv_files_are_in_the_encoding_of_their_source() {
    let dir = tempfile::tempdir().unwrap();
    for shape in Shape::ALL {
        let path = dir.path().join(format!("{shape}.csv"));
        let mut told = Vec::new();
        assert_eq!(write_file(shape, set(1_500), &path, &mut |rows| told.push(rows)).unwrap(), 1_500);
        assert_eq!(told, [1_000, 1_500]);
        let bytes = std::fs::read(&path).unwrap();
        let text = match shape {
            Shape::HotlineCity => {
                let (text, _, malformed) = encoding_rs::GB18030.decode(&bytes);
                assert!(!malformed);
                text.into_owned()
            }
            Shape::Mailbox => String::from_utf8(bytes).unwrap().strip_prefix('\u{feff}').unwrap().to_owned(),
            _ => String::from_utf8(bytes).unwrap(),
        };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), shape.columns());
        assert_eq!(reader.records().map(Result::unwrap).count(), 1_500);
        assert_eq!(shape.id().parse::<Shape>(), Ok(shape));
    }
    assert!("xml".parse::<Shape>().is_err());
    let refused = write_file(Shape::Board, set(1), &dir.path().join("a.pdf"), &mut |_| {});
    assert!(matches!(refused, Err(SampleError::UnknownExtension { .. })));
    let refused = write_file(Shape::Board, set(1), &dir.path().join("none/a.csv"), &mut |_| {});
    assert!(matches!(refused, Err(SampleError::Io { .. })));
}

/// Each sheet's name and rows.
fn read_workbook(path: &Path) -> Vec<(String, Vec<Vec<Data>>)> {
    let mut workbook = open_workbook_auto(path).unwrap();
    let sheets = workbook.worksheets().into_iter();
    sheets.map(|(name, range)| (name, range.rows().map(<[Data]>::to_vec).collect())).collect()
}

#[test]
fn a_full_sheet_is_followed_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("board.xlsx");
    assert_eq!(write_xlsx(Shape::HotlineDistrict, set(25), &path, 10, &mut |_| {}).unwrap(), 25);
    let sheets = read_workbook(&path);
    let names: Vec<_> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["数据", "数据2", "数据3"]);
    let (_, last) = &sheets[2];
    // The title, the header, five messages, the total.
    assert_eq!(last.len(), 8);
    assert_eq!(last[1][0], Data::String("工单编号".to_owned()));
    assert_eq!((&last[7][0], &last[7][1]), (&Data::String("合计".to_owned()), &Data::String("共5件".to_owned())));
}

#[test]
fn board_dates_are_dates_and_texts_in_one_column() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("board.xlsx");
    write_file(Shape::Board, set(100), &path, &mut |_| {}).unwrap();
    let (_, rows) = read_workbook(&path).remove(0);
    let dates = rows.iter().filter(|row| matches!(row[3], Data::DateTime(_))).count();
    assert!((50..80).contains(&dates), "{dates}");
    let first = set(1).remove(0).asked_at;
    let text = Data::String(first.strftime("%Y/%-m/%-d %-H:%M:%S").to_string());
    assert_eq!(rows[1][3], text);
}

fn bundled_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample")
}

/// The line of `sample/README.md` that tells what is in one file.
fn readme_line(set: &Bundled) -> String {
    let messages: Vec<_> = set.messages().collect();
    let count = |test: &dyn Fn(&SampleMessage) -> bool| messages.iter().filter(|message| test(message)).count();
    let mut held = BTreeMap::new();
    for reason in messages.iter().filter_map(|message| message.unreadable) {
        *held.entry(reason).or_insert(0) += 1;
    }
    let held: Vec<_> = held.iter().map(|(reason, count)| format!("{count} {}", reason.name())).collect();
    let readable = count(&|message| message.unreadable.is_none());
    // The district's export has no answers.
    let answered = match set.shape {
        Shape::HotlineDistrict => 0,
        _ => count(&|message| message.unreadable.is_none() && message.answer.is_some()),
    };
    let repeats = count(&|message| message.repeats.is_some());
    let dirty = count(&|message| message.dirt.is_some());
    format!(
        "| `{}` | {} | {} | {readable} | {} ({}) | {answered} | {repeats} | {dirty} |",
        set.file,
        set.seed,
        set.items,
        set.items - readable,
        held.join(", ")
    )
}

/// With `HUIYIN_UPDATE_SAMPLE=1` the files are written anew instead.
#[test]
fn the_bundled_files_are_what_the_generator_makes() {
    if std::env::var("HUIYIN_UPDATE_SAMPLE").as_deref() == Ok("1") {
        write_bundled(&bundled_dir()).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(write_bundled(dir.path()).unwrap(), 350);
    for set in &BUNDLED {
        let (made, kept) = (dir.path().join(set.file), bundled_dir().join(set.file));
        if matches!(set.shape, Shape::HotlineCity | Shape::Mailbox) {
            assert!(std::fs::read(made).unwrap() == std::fs::read(kept).unwrap(), "{} differs", set.file);
        } else {
            assert!(read_workbook(&made) == read_workbook(&kept), "{} differs", set.file);
        }
    }
}

#[test]
fn the_readme_of_the_bundled_sample_tells_the_truth() {
    let readme = std::fs::read_to_string(bundled_dir().join("README.md")).unwrap();
    let (mut readable, mut wrong) = (0, 0);
    for set in &BUNDLED {
        let line = readme_line(set);
        println!("{line}");
        wrong += usize::from(!readme.contains(&line));
        let messages: Vec<_> = set.messages().collect();
        assert!((3..=8).contains(&messages.iter().filter(|message| message.unreadable.is_some()).count()));
        readable += messages.iter().filter(|message| message.unreadable.is_none()).count();
    }
    assert!(readable >= 300);
    let dirt: BTreeSet<_> = BUNDLED.iter().flat_map(Bundled::messages).filter_map(|message| message.dirt).collect();
    let sorts: BTreeSet<_> = dirt.into_iter().map(Dirt::name).collect();
    assert_eq!(sorts.len(), 6, "every sort of dirt is in the sample: {sorts:?}");
    assert_eq!(wrong, 0, "sample/README.md should have the lines printed above");
}

/// Not a test of speed (machines differ): `cargo nextest run sample_rate --run-ignored all --no-capture`.
#[test]
#[ignore = "a measurement"]
fn sample_rate() {
    let dir = tempfile::tempdir().unwrap();
    let rows = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(100_000);
    for extension in std::env::var("EXT").as_deref().unwrap_or("csv,xlsx").split(',') {
        let path = dir.path().join("board").with_extension(extension);
        let started = std::time::Instant::now();
        write_file(Shape::Board, generate(1, rows, &Options::default()), &path, &mut |_| {}).unwrap();
        let bytes = std::fs::metadata(&path).unwrap().len();
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
        println!("{rows} rows as {extension}: {:?}, {bytes} bytes, {peak}", started.elapsed());
    }
}
