//! The scripted source without a network: the same answers, in this process.

use huiyin::intake::crawl::Pages;
use huiyin::intake::fetch::{Answer, FetchCode, FetchError, Method, Request};

use super::render::{Asked, Source};

impl Pages for Source {
    async fn get(&mut self, request: Request) -> Result<Answer, FetchError> {
        let mut asked = Asked { path: request.url.path().to_owned(), ..Asked::default() };
        asked.fields.extend(request.url.query_pairs().into_owned());
        if let Method::Form(fields) = &request.method {
            asked.fields.extend(fields.iter().cloned());
        }
        let page = self.answer(&asked);
        if page.status != 200 {
            return Err(FetchError::new(FetchCode::Gone, "没有这个页面"));
        }
        Ok(Answer {
            url: request.url,
            body: Some(page.text.into_bytes()),
            media_type: Some(page.media_type.to_owned()),
            charset: Some("utf-8".to_owned()),
        })
    }
}
