//! From a query to the engine's query tree.

use std::ops::Bound;

use huiyin_domain::id::UnitId;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query as EngineQuery,
    RangeQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption, Term};

use super::query::{Query, Scope, Waiting};
use super::schema::{ANSWERED, Fields};
use super::tokenizer::cover;
use super::words;

/// How much an occurrence counts by where it is.
const TITLE_WEIGHT: f32 = 2.0;
const BODY_WEIGHT: f32 = 1.0;
const REPLY_WEIGHT: f32 = 0.5;

/// How much a dictionary word of the query counts when it stands as a word in title or question, against its rarity (idf).
const WHOLE_WORD_WEIGHT: f32 = 0.5;

type Clause = (Occur, Box<dyn EngineQuery>);

/// The tree of a query. Periods are not in it: the collector looks at them. `scored` is false when the order does not
/// depend on the match.
pub(super) fn plan(query: &Query, fields: &Fields, scored: bool) -> Box<dyn EngineQuery> {
    let scope = scope_terms(&query.scope);
    if scope.as_ref().is_some_and(Vec::is_empty) {
        return Box::new(EmptyQuery);
    }
    let mut clauses: Vec<Clause> = Vec::new();
    for run in &query.text.wanted {
        clauses.push((Occur::Must, anywhere(run, fields)));
    }
    clauses.extend(filters(query, scope.unwrap_or_default(), fields).into_iter().map(|filter| (Occur::Must, filter)));
    if clauses.is_empty() {
        clauses.push((Occur::Must, unscored(Box::new(AllQuery))));
    }
    if scored {
        clauses.extend(query.text.wanted.iter().flat_map(|run| whole_words(run, fields)));
    }
    Box::new(BooleanQuery::new(clauses))
}

/// The items that are left out, if any.
///
/// They are not in the tree, since the engine (0.27.0) asks an excluded phrase for documents before the one it stands at,
/// which the phrase takes for a broken promise.
pub(super) fn excluded(query: &Query, fields: &Fields) -> Option<Box<dyn EngineQuery>> {
    let alternatives = query.text.unwanted.iter().map(|runs| -> Clause {
        let all = runs.iter().map(|run| (Occur::Must, anywhere(run, fields))).collect();
        (Occur::Should, Box::new(BooleanQuery::new(all)))
    });
    let alternatives: Vec<Clause> = alternatives.collect();
    (!alternatives.is_empty()).then(|| -> Box<dyn EngineQuery> { Box::new(BooleanQuery::new(alternatives)) })
}

/// A run in title, question or answers.
fn anywhere(run: &str, fields: &Fields) -> Box<dyn EngineQuery> {
    let places = [(fields.title, TITLE_WEIGHT), (fields.body, BODY_WEIGHT), (fields.reply, REPLY_WEIGHT)];
    let clauses = places
        .into_iter()
        .map(|(field, weight)| -> Clause { (Occur::Should, Box::new(BoostQuery::new(within(run, field), weight))) });
    Box::new(BooleanQuery::new(clauses.collect()))
}

/// A run in one field: exactly the texts that contain it.
fn within(run: &str, field: Field) -> Box<dyn EngineQuery> {
    let mut terms: Vec<(usize, Term)> =
        cover(run).into_iter().map(|(at, pair)| (at, Term::from_field_text(field, &pair))).collect();
    match terms.len() {
        0 => {
            // A single character: every term that begins with it. Terms sort as their UTF-8 bytes do.
            let last = format!("{run}{}", char::MAX);
            let bounds = (Term::from_field_text(field, run), Term::from_field_text(field, &last));
            Box::new(RangeQuery::new(Bound::Included(bounds.0), Bound::Included(bounds.1)))
        }
        1 => match terms.pop() {
            Some((_, term)) => Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)),
            None => Box::new(EmptyQuery),
        },
        _ => Box::new(PhraseQuery::new_with_offset(terms)),
    }
}

/// The bonus for each dictionary word of a run.
fn whole_words(run: &str, fields: &Fields) -> Vec<Clause> {
    let bonus = |word: String| -> Clause {
        let term = TermQuery::new(Term::from_field_text(fields.words, &word), IndexRecordOption::Basic);
        (Occur::Should, Box::new(BoostQuery::new(Box::new(term), WHOLE_WORD_WEIGHT)))
    };
    words::words_of(run).into_iter().map(bonus).collect()
}

fn filters(query: &Query, scope: Vec<String>, fields: &Fields) -> Vec<Box<dyn EngineQuery>> {
    let wanted = &query.filters;
    let mut filters = Vec::new();
    let lists = [
        (fields.source, wanted.sources.clone()),
        (fields.lead, texts(&wanted.units)),
        (fields.assisting, wanted.assisting.iter().map(UnitId::to_string).collect()),
        (fields.task, wanted.tasks.clone()),
        (fields.stage, wanted.stages.clone()),
        (fields.request_type, wanted.request_types.clone()),
        (fields.scope, scope),
    ];
    for (field, values) in lists {
        if !values.is_empty() {
            let terms = values.iter().map(|value| Term::from_field_text(field, value));
            filters.push(unscored(Box::new(TermSetQuery::new(terms))));
        }
    }
    let overdue = wanted.overdue_at.map(|_| true);
    for open in [wanted.open, overdue].into_iter().flatten() {
        let open = TermQuery::new(Term::from_field_bool(fields.open, open), IndexRecordOption::Basic);
        filters.push(unscored(Box::new(open)));
    }
    if let Some(waiting) = &wanted.waiting {
        filters.push(unscored(waits(waiting, fields)));
    }
    filters
}

/// What waits for somebody.
fn waits(waiting: &Waiting, fields: &Fields) -> Box<dyn EngineQuery> {
    let tasks = |tasks: &[String]| -> Box<dyn EngineQuery> {
        Box::new(TermSetQuery::new(tasks.iter().map(|task| Term::from_field_text(fields.task, task))))
    };
    let mut either: Vec<Clause> = vec![(Occur::Should, tasks(&waiting.anywhere))];
    if let Some((unit, own)) = &waiting.own {
        let lead = TermQuery::new(Term::from_field_text(fields.lead, &unit.to_string()), IndexRecordOption::Basic);
        let both: Vec<Clause> = vec![(Occur::Must, Box::new(lead)), (Occur::Must, tasks(own))];
        either.push((Occur::Should, Box::new(BooleanQuery::new(both))));
    }
    let either: Box<dyn EngineQuery> = Box::new(BooleanQuery::new(either));
    let Some(account) = waiting.but else { return either };
    let barred = TermQuery::new(Term::from_field_text(fields.barred, &account.to_string()), IndexRecordOption::Basic);
    Box::new(BooleanQuery::new(vec![(Occur::Must, either), (Occur::MustNot, Box::new(barred))]))
}

/// The marks of which an item must bear one; `None` for a viewer who sees all.
fn scope_terms(scope: &Scope) -> Option<Vec<String>> {
    let Scope::Some { units, answered } = scope else { return None };
    let mark = answered.then(|| ANSWERED.to_owned());
    Some(texts(units).into_iter().chain(mark).collect())
}

fn texts(units: &[UnitId]) -> Vec<String> {
    units.iter().map(UnitId::to_string).collect()
}

/// A condition that adds nothing to the score.
fn unscored(query: Box<dyn EngineQuery>) -> Box<dyn EngineQuery> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}
