//! A table that is fetched, and the dates that its address may name.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil};

use super::ask::Values;
use crate::connector::Connector;
use crate::extract::Cells;
use crate::fetch::Request;

/// A date that an address may name: how many days or months back it lies, and how it is written.
struct Named {
    name: &'static str,
    days: i32,
    months: i32,
    shape: &'static str,
}

const fn named(name: &'static str, days: i32, months: i32, shape: &'static str) -> Named {
    Named { name, days, months, shape }
}

const DATES: [Named; 8] = [
    named("today", 0, 0, "%Y-%m-%d"),
    named("today.compact", 0, 0, "%Y%m%d"),
    named("yesterday", 1, 0, "%Y-%m-%d"),
    named("yesterday.compact", 1, 0, "%Y%m%d"),
    named("month", 0, 0, "%Y-%m"),
    named("month.compact", 0, 0, "%Y%m"),
    named("last_month", 0, 1, "%Y-%m"),
    named("last_month.compact", 0, 1, "%Y%m"),
];

/// Whether a placeholder of `[download]` is a date.
pub(crate) fn is_date_name(name: &str) -> bool {
    DATES.iter().any(|date| date.name == name)
}

/// The request by which the table of a source is fetched on this day in China; `None` for a source without `[download]`, and
/// for an address that is none once its dates are put in.
pub fn download_request(connector: &Connector, today: civil::Date) -> Option<Request> {
    let download = connector.download.as_ref()?;
    let cells = DATES.iter().map(|date| {
        // The first of a month has the same month before it, whatever the month's length.
        let from = if date.months > 0 { today.first_of_month() } else { today };
        let at = from.saturating_sub(date.months.months()).saturating_sub(date.days.days());
        (date.name.to_owned(), at.strftime(date.shape).to_string())
    });
    let row = Cells { cells: cells.collect(), attachments: Vec::new() };
    let tokens = BTreeMap::new();
    Values::of_row(&tokens, "", Some(&row)).request(&download.ask, &download.fetch.base, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::SMALL;

    fn asked(url: &str, today: civil::Date) -> String {
        let sections = format!(
            "[fetch]\nbase = \"https://www.example.gov.cn/\"\n[download]\nurl = \"{url}\"\nform = {{ until = \"{{today}}\" }}\n"
        );
        let connector = Connector::parse("small.toml", &format!("{SMALL}\n{sections}")).unwrap();
        let request = download_request(&connector, today).unwrap();
        assert_eq!(request.method, crate::fetch::Method::Form(vec![("until".to_owned(), today.to_string())]));
        request.url.to_string()
    }

    #[test]
    fn dates_are_put_into_the_address() {
        let url = "/x?d={today}&y={yesterday.compact}&m={month}&l={last_month.compact}";
        let new_year = civil::date(2026, 1, 1);
        let expected = "https://www.example.gov.cn/x?d=2026-01-01&y=20251231&m=2026-01&l=202512";
        assert_eq!(asked(url, new_year), expected);
        // 31 March has no such day a month before.
        assert!(asked(url, civil::date(2026, 3, 31)).ends_with("&l=202602"));
    }

    #[test]
    fn what_is_no_date_is_refused_with_its_line() {
        for wrong in ["{page}", "{token.a}", "{tomorrow}", "{key}"] {
            let text = format!("{SMALL}\n[fetch]\nbase = \"https://a.example/\"\n[download]\nurl = \"/x?{wrong}\"\n");
            let error = Connector::parse("small.toml", &text).unwrap_err().to_string();
            assert!(error.contains("no other placeholders"), "{wrong}: {error}");
        }
        for (sections, why) in [
            ("[download]\nurl = \"/x\"\n", "needs the section [fetch]"),
            ("[fetch]\nbase = \"https://a.example/\"\n", "has no section [fetch]"),
            ("[watch]\nfolder = \"in\"\ndone = \"../out\"\n", "plain name"),
            ("[watch]\nfolder = \" \"\n", "blank"),
            (
                "[watch]\nfolder = \"in\"\n[fetch]\nbase = \"https://a.example/\"\n[download]\nurl = \"/x\"\n",
                "not both",
            ),
        ] {
            let error = Connector::parse("small.toml", &format!("{SMALL}\n{sections}")).unwrap_err().to_string();
            assert!(error.contains(why), "{sections}: {error}");
        }
    }
}
