//! The rest of a body whose request is answered already.
//!
//! A client that is refused while it still sends would find the connection reset, and never read why: most write all they
//! have before they read. So the rest is taken and thrown away for a while, beside the answer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::header::EXPECT;
use futures_util::stream::{Stream, StreamExt as _};
use tokio::runtime::Handle;

/// How long the rest of a body is taken. Who sends for longer is cut off.
const PATIENCE: Duration = Duration::from_secs(10);

/// The same request; what nobody reads of its body is taken once it is dropped.
pub(super) async fn linger(request: Request) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    let waits = request.headers().contains_key(EXPECT);
    request.map(|body| Body::from_stream(Lingering { rest: Some(body.into_data_stream()), is_sent: !waits }))
}

struct Lingering {
    /// What is still to come; none once the body has ended.
    rest: Option<BodyDataStream>,
    /// Whether the client sends it. One that expects to be told to go on (`100-continue`) is told so by the first reading,
    /// and has nothing to lose before.
    is_sent: bool,
}

impl Stream for Lingering {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.is_sent = true;
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let piece = ready!(rest.poll_next_unpin(context));
        if !matches!(piece, Some(Ok(_))) {
            self.rest = None;
        }
        Poll::Ready(piece)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let Some(mut rest) = self.rest.take().filter(|_| self.is_sent) else { return };
        let take = async move { while let Some(Ok(_)) = rest.next().await {} };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async { tokio::time::timeout(PATIENCE, take).await });
        }
    }
}
