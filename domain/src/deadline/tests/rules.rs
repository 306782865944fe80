use super::*;

/// A rule of a level for everything, to be varied.
fn rule(id: &str, level: Level, text: &str) -> DeadlineRule {
    DeadlineRule {
        id: id.to_owned(),
        version: 1,
        source: None,
        request_type: None,
        stage: Stage::Reply,
        limit: limit(text),
        roll: Roll::NextWorkday,
        end_of_day: EndOfDay::MIDNIGHT,
        level,
        extendable: true,
        legal_basis: "试验用规则".to_owned(),
        effective_from: date(2020, 1, 1),
        effective_to: None,
    }
}

fn owed(start: Instant, request_type: &str) -> Owed<'_> {
    Owed { source: "hotline", request_type, stage: Stage::Reply, start, extensions: &[], pauses: &[] }
}

fn ids(rules: &[&DeadlineRule]) -> Vec<String> {
    rules.iter().map(|rule| rule.id.clone()).collect()
}

#[test]
fn the_shipped_rules_are_sound_and_say_what_they_rest_on() {
    let builtin = RuleSet::builtin();
    assert_eq!(RuleSet::new(builtin.version(), builtin.rules().to_vec()).unwrap(), builtin);
    for rule in builtin.rules() {
        assert_eq!(Limit::new(rule.limit.amount(), rule.limit.unit()).unwrap(), rule.limit, "{}", rule.id);
        let is_law = rule.level == Level::Law;
        assert_eq!(rule.legal_basis.contains("国办秘函〔2019〕19号"), is_law, "{}", rule.id);
        assert_eq!(rule.legal_basis.starts_with("系统缺省，非法定"), !is_law, "{}", rule.id);
    }
}

#[test]
fn the_defaults_hold_by_type_and_stage() {
    let builtin = RuleSet::builtin();
    let on = date(2026, 10, 19);
    let limit_of = |request_type: &str, stage: Stage| -> Vec<String> {
        let rules = builtin.applicable("hotline", request_type, stage, on);
        rules.iter().map(|rule| format!("{} {}", rule.level.zh(), rule.limit)).collect()
    };
    assert_eq!(limit_of("consult", Stage::Reply), ["法定 3MO", "内控 5WD"]);
    for other in REQUEST_TYPES.into_iter().filter(|code| *code != "consult") {
        assert_eq!(limit_of(other, Stage::Reply), ["法定 3MO", "内控 10WD"], "{other}");
    }
    assert_eq!(limit_of("consult", Stage::Sign), ["内控 1WD"]);
    assert_eq!(limit_of("help", Stage::Return), ["内控 2WD"]);
    assert!(limit_of("help", Stage::FirstContact).is_empty());
    let before = builtin.applicable("hotline", "consult", Stage::Reply, date(2019, 3, 31));
    assert_eq!(ids(&before), ["default-reply-consult"], "the floor was not yet in force");
}

#[test]
fn the_specific_rule_displaces_the_general_one_of_its_level_only() {
    let rules = vec![
        rule("city", Level::City, "15WD"),
        DeadlineRule { request_type: Some("consult".to_owned()), ..rule("city-consult", Level::City, "7WD") },
        DeadlineRule { source: Some("mailbox".to_owned()), ..rule("city-mailbox", Level::City, "3WD") },
        rule("bureau", Level::Bureau, "10WD"),
    ];
    let set = RuleSet::new("test", rules).unwrap();
    let on = date(2026, 10, 19);
    assert_eq!(ids(&set.applicable("hotline", "consult", Stage::Reply, on)), ["city-consult", "bureau"]);
    assert_eq!(ids(&set.applicable("mailbox", "consult", Stage::Reply, on)), ["city-mailbox", "bureau"]);
    assert_eq!(ids(&set.applicable("hotline", "help", Stage::Reply, on)), ["city", "bureau"]);
    assert!(set.applicable("hotline", "help", Stage::Sign, on).is_empty());
}

#[test]
fn a_rule_holds_from_its_first_to_its_last_day() {
    let old = DeadlineRule { effective_to: Some(date(2026, 6, 30)), ..rule("city", Level::City, "15WD") };
    let new = DeadlineRule { version: 2, effective_from: date(2026, 7, 1), ..rule("city", Level::City, "10WD") };
    let set = RuleSet::new("test", vec![new, old]).unwrap();
    let version = |on: Date| set.applicable("hotline", "help", Stage::Reply, on).first().map(|rule| rule.version);
    assert_eq!(version(date(2019, 12, 31)), None);
    assert_eq!(version(date(2026, 6, 30)), Some(1));
    assert_eq!(version(date(2026, 7, 1)), Some(2));
}

#[test]
fn the_earliest_level_binds_and_each_keeps_its_proof() {
    let calendar = WorkCalendar::builtin();
    let start = morning(date(2024, 9, 30));
    let effective = RuleSet::builtin().effective(&owed(start, "consult"), calendar).unwrap().unwrap();
    assert_eq!(effective.binding.rule.id, "default-reply-consult");
    assert_eq!(effective.binding.proof.due_date, date(2024, 10, 12));
    let dues: Vec<_> = effective.levels.iter().map(|level| (level.rule.level, level.proof.due_date)).collect();
    assert_eq!(dues, [(Level::Law, date(2024, 12, 30)), (Level::Bureau, date(2024, 10, 12))]);

    let tie = RuleSet::new("test", vec![rule("b", Level::Bureau, "5WD"), rule("c", Level::City, "5WD")]).unwrap();
    let effective = tie.effective(&owed(start, "consult"), calendar).unwrap().unwrap();
    assert_eq!(effective.binding.rule.level, Level::City, "of two at one instant the higher level");

    let nothing = RuleSet::builtin().effective(&Owed { stage: Stage::FirstContact, ..owed(start, "help") }, calendar);
    assert_eq!(nothing, Ok(None));
}

#[test]
fn extensions_and_pauses_do_not_move_the_floor() {
    let calendar = WorkCalendar::builtin();
    let start = morning(date(2026, 10, 19));
    let extensions = [Extension { granted_at: start, limit: limit("120WD") }];
    let pauses = [Pause { from: start, to: morning(date(2026, 10, 21)) }];
    let asked = Owed { extensions: &extensions, pauses: &pauses, ..owed(start, "help") };
    let effective = RuleSet::builtin().effective(&asked, calendar).unwrap().unwrap();
    assert_eq!(effective.binding.rule.id, "national-floor", "the extended default lies behind it");
    assert_eq!(effective.binding.proof.due_date, date(2027, 1, 19));
    assert!(effective.levels[1].proof.due > effective.binding.proof.due);

    let late = [Extension { granted_at: morning(date(2026, 12, 1)), limit: limit("5WD") }];
    let refused = RuleSet::builtin().effective(&Owed { extensions: &late, ..owed(start, "help") }, calendar);
    assert_eq!(refused.unwrap_err().code(), "extension_after_due");
}

#[test]
fn a_rule_that_contradicts_itself_is_refused() {
    let refused = |rules: Vec<DeadlineRule>| RuleSet::new("test", rules).unwrap_err().to_string();
    let good = || rule("city", Level::City, "15WD");
    assert_eq!(
        refused(vec![DeadlineRule { request_type: Some("gossip".to_owned()), ..good() }]),
        "rule `city`: unknown request type"
    );
    assert_eq!(
        refused(vec![DeadlineRule { effective_to: Some(date(2019, 1, 1)), ..good() }]),
        "rule `city`: it ends before it takes effect"
    );
    assert_eq!(
        refused(vec![DeadlineRule { legal_basis: " ".to_owned(), ..good() }]),
        "rule `city`: it states no basis"
    );
    assert_eq!(refused(vec![good(), good()]), "rule `city`: its version is listed twice");
}
