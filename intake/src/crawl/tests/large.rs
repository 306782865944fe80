//! A long list in little memory.

use super::*;

/// Peak resident memory of this process, in bytes, where the system tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

/// A list that is made up page by page.
struct Endless {
    rows: u64,
    size: u64,
}

impl Pages for Endless {
    async fn get(&mut self, request: Request) -> Result<Answer, FetchError> {
        let Method::Form(fields) = &request.method else { panic!("a form") };
        let from: u64 = fields[0].1.parse().unwrap();
        let rows: Vec<_> = (from..(from + self.size).min(self.rows))
            .map(|id| {
                serde_json::json!({
                    "id": id, "title": format!("路灯第{id}次不亮"), "time": 1_790_000_000 + id, "hits": id, "reply": null,
                    "content": format!("第{id}件：{}", "东湖路的路灯三天不亮，请派人修理。".repeat(8)),
                })
            })
            .collect();
        let body = serde_json::json!({ "data": { "rows": rows, "total": self.rows } }).to_string().into_bytes();
        Ok(Answer { url: request.url, body: Some(body), media_type: None, charset: Some("utf-8".to_owned()) })
    }
}

/// Counts, and keeps nothing.
#[derive(Default)]
struct Counter {
    rows: u64,
    bytes: u64,
}

impl Host for Counter {
    async fn known(&mut self, keys: &[String]) -> Result<Vec<Option<Known>>, HostGone> {
        Ok(vec![None; keys.len()])
    }

    async fn shown_after(&mut self, _after: &str, _limit: usize) -> Result<Vec<String>, HostGone> {
        Ok(Vec::new())
    }

    async fn take(&mut self, found: Found) -> Result<(), HostGone> {
        match found {
            Found::Page(page) => self.bytes += page.body.len() as u64,
            Found::Row(RowOutcome::Record(_)) => self.rows += 1,
            other => panic!("{other:?}"),
        }
        Ok(())
    }
}

#[test]
fn a_long_list_is_read_in_little_memory() {
    const ROWS: u64 = 12_000;
    let mut site = Site::new(Style::Offset, 0);
    site.size = 500;
    let connector = site.connector();
    let limits = CrawlLimits::default();
    let read = |rows: u64| {
        let (mut pages, mut counter) = (Endless { rows, size: 500 }, Counter::default());
        let work = crawl(&connector, Reach::Sweep, &mut pages, &mut counter, &limits);
        let (coverage, result) = crate::block_on(work).unwrap();
        assert!(result.is_ok() && coverage.alarms.is_empty(), "{coverage:?}");
        assert_eq!((coverage.met, coverage.complete, counter.rows), (rows, true, rows));
        counter.bytes
    };
    // What one page takes is taken before.
    read(1_000);
    let before = peak_memory();
    let bytes = read(ROWS);
    assert!(bytes > 4 << 20, "{bytes}");
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        // Forty bytes and a little for a message, and nothing of its text.
        assert!(after - before < 3 << 20, "{} bytes more for {bytes}", after - before);
    }
}
