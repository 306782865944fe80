//! Showing where a text matches.
//!
//! Places are found in the folded text, counted in characters, merged, and taken back to the text as it was written. The
//! engine's own snippets are not used: they cut texts into terms again, and can panic where terms overlap.

use std::ops::Range;

use huiyin_domain::text::fold::fold_char;

use super::query_text::QueryText;

/// A stretch of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The text as it was written.
    pub text: &'a str,
    /// Whether it was searched for.
    pub hit: bool,
}

/// A part of a text around its densest hits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet<'a> {
    /// The part, in order; put together it is one slice of the text.
    pub segments: Vec<Segment<'a>>,
    /// Whether text was left out before it.
    pub cut_before: bool,
    /// Whether text was left out behind it.
    pub cut_after: bool,
}

/// A text by characters, folded, with the byte at which each begins.
struct Folded<'a> {
    text: &'a str,
    chars: Vec<char>,
    starts: Vec<usize>,
}

impl<'a> Folded<'a> {
    fn new(text: &'a str) -> Self {
        let (starts, chars) = text.char_indices().map(|(start, c)| (start, fold_char(c))).unzip();
        Self { text, chars, starts }
    }

    /// The written text of a range of characters.
    fn slice(&self, range: Range<usize>) -> &'a str {
        let byte = |at: usize| self.starts.get(at).copied().unwrap_or(self.text.len());
        self.text.get(byte(range.start)..byte(range.end)).unwrap_or_default()
    }

    /// Where any of the runs occurs: sorted, neither touching nor overlapping.
    fn hits(&self, runs: &[String]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for run in runs {
            let run: Vec<char> = run.chars().collect();
            let windows = self.chars.windows(run.len().max(1)).enumerate();
            found.extend(windows.filter(|(_, window)| *window == run).map(|(at, _)| at..at + run.len()));
        }
        found.sort_unstable_by_key(|hit| (hit.start, hit.end));
        let mut merged: Vec<Range<usize>> = Vec::new();
        for hit in found {
            match merged.last_mut() {
                Some(last) if hit.start <= last.end => last.end = last.end.max(hit.end),
                _ => merged.push(hit),
            }
        }
        merged
    }

    /// Cuts `window` at the bounds of hits.
    fn segments(&self, window: Range<usize>, hits: &[Range<usize>]) -> Vec<Segment<'a>> {
        let mut segments = Vec::new();
        let mut push = |range: Range<usize>, hit| {
            if range.start < range.end {
                segments.push(Segment { text: self.slice(range), hit });
            }
        };
        let mut at = window.start;
        for hit in hits {
            let start = hit.start.clamp(at, window.end);
            let end = hit.end.clamp(start, window.end);
            push(at..start, false);
            push(start..end, true);
            at = end;
        }
        push(at..window.end, false);
        segments
    }
}

/// The whole text, cut at the bounds of what was searched for.
pub fn highlight<'a>(text: &'a str, query: &QueryText) -> Vec<Segment<'a>> {
    let folded = Folded::new(text);
    let hits = folded.hits(&query.wanted);
    folded.segments(0..folded.chars.len(), &hits)
}

/// The part of at most `max_chars` characters that holds the most of what was searched for; the beginning of the text when
/// nothing of it occurs.
pub fn snippet<'a>(text: &'a str, query: &QueryText, max_chars: usize) -> Snippet<'a> {
    let folded = Folded::new(text);
    let hits = folded.hits(&query.wanted);
    let length = folded.chars.len();
    let start = window_start(&hits, length, max_chars);
    let end = start.saturating_add(max_chars).min(length);
    Snippet { segments: folded.segments(start..end, &hits), cut_before: start > 0, cut_after: end < length }
}

/// Where the window with the most hit characters begins. A part of what is left over goes before the first hit.
fn window_start(hits: &[Range<usize>], length: usize, max_chars: usize) -> usize {
    let mut best = (0, 0..0);
    let mut ahead = 0;
    let mut inside: usize = 0;
    for hit in hits {
        while let Some(next) = hits.get(ahead).filter(|next| next.end <= hit.start.saturating_add(max_chars)) {
            inside += next.len();
            ahead += 1;
        }
        if inside > best.0 {
            let end = ahead.checked_sub(1).and_then(|last| hits.get(last)).map_or(hit.end, |last| last.end);
            best = (inside, hit.start..end);
        }
        inside = inside.saturating_sub(hit.len());
    }
    // A hit longer than the window fills it.
    let span = if best.0 == 0 { hits.first().cloned().unwrap_or(0..0) } else { best.1 };
    let lead = max_chars.saturating_sub(span.len()) / 3;
    span.start.saturating_sub(lead).min(length.saturating_sub(max_chars))
}

/// HTML of segments: text escaped, hits within `<mark>`.
pub fn to_html(segments: &[Segment<'_>]) -> String {
    let mut html = String::new();
    for segment in segments {
        if segment.hit {
            html.push_str("<mark>");
        }
        for c in segment.text.chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                _ => html.push(c),
            }
        }
        if segment.hit {
            html.push_str("</mark>");
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn query(text: &str) -> QueryText {
        QueryText::parse(text).unwrap()
    }

    fn marked(text: &str, words: &str) -> String {
        to_html(&highlight(text, &query(words)))
    }

    #[test]
    fn hits_are_marked_in_the_text_as_written() {
        assert_eq!(marked("攪拌站擾民，攪拌不停", "搅拌站 拌"), "<mark>攪拌站</mark>擾民，攪<mark>拌</mark>不停");
        assert_eq!(marked("ＡＢＣ小区", "abc小"), "<mark>ＡＢＣ小</mark>区");
        assert_eq!(marked("哈哈哈！", "哈哈"), "<mark>哈哈哈</mark>！");
        assert_eq!(marked("噪音与学校", "噪音 -学校"), "<mark>噪音</mark>与学校");
    }

    #[test]
    fn html_is_escaped_inside_and_outside_of_hits() {
        assert_eq!(
            marked("<b>噪音</b> & \"'", "b 噪音"),
            "&lt;<mark>b</mark>&gt;<mark>噪音</mark>&lt;/<mark>b</mark>&gt; &amp; &quot;&#39;"
        );
    }

    #[test]
    fn a_snippet_shows_where_hits_are_densest() {
        let text = format!("{}噪音{}车库噪音{}", "前".repeat(100), "中".repeat(100), "后".repeat(100));
        let found = snippet(&text, &query("噪音 车库"), 30);
        let html = to_html(&found.segments);
        assert!(html.contains("<mark>车库噪音</mark>"), "{html}");
        assert!(found.cut_before && found.cut_after);
        let none = snippet("没有", &query("噪音"), 30);
        assert_eq!(
            (none.segments, none.cut_before, none.cut_after),
            (vec![Segment { text: "没有", hit: false }], false, false)
        );
    }

    proptest! {
        #[test]
        fn a_snippet_is_a_slice_of_the_text(text in any::<String>(), words in any::<String>(), max in 0_usize..80) {
            let Ok(query) = QueryText::parse(&words) else { return Ok(()) };
            check(&text, &query, max)?;
        }

        #[test]
        fn also_where_hits_abound(text in "[ab甲攪😀<& ]{0,120}", words in "[ab甲搅]{1,3}( [ab甲搅]{1,2})?", max in 0_usize..60) {
            let query = query(&words);
            check(&text, &query, max)?;
            let hits = highlight(&text, &query);
            let folded = huiyin_domain::text::fold::fold(&text);
            let present = query.wanted.iter().any(|run| folded.contains(run.as_str()));
            prop_assert_eq!(hits.iter().any(|segment| segment.hit), present);
            let part = snippet(&text, &query, 60);
            prop_assert_eq!(part.segments.iter().any(|segment| segment.hit), present);
        }
    }

    fn check(text: &str, query: &QueryText, max: usize) -> Result<(), TestCaseError> {
        let whole: String = highlight(text, query).iter().map(|segment| segment.text).collect();
        prop_assert_eq!(whole.as_str(), text);
        let part = snippet(text, query, max);
        let joined: String = part.segments.iter().map(|segment| segment.text).collect();
        prop_assert!(joined.chars().count() <= max);
        prop_assert!(text.contains(&joined));
        prop_assert_eq!(text.starts_with(&joined) || part.cut_before, true);
        prop_assert_eq!(joined.chars().count() == max.min(text.chars().count()), true);
        to_html(&part.segments);
        Ok(())
    }
}
