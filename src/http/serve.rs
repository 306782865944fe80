//! Running and stopping.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long requests under way may still take once the server is told to stop.
const LAST_CHANCE: Duration = Duration::from_secs(10);

/// Serves until told to stop; then takes nothing new, and lets what runs finish within ten seconds.
pub async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) -> std::io::Result<()> {
    let told = stop.clone();
    // Where a request comes from is told along: the public form counts how often somebody knocks.
    let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, routes).with_graceful_shutdown(async move { told.cancelled().await });
    let server = std::future::IntoFuture::into_future(server);
    let too_late = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_CHANCE).await;
    };
    tokio::select! {
        result = server => result,
        () = too_late => {
            tracing::warn!("requests were still running when the time to stop was up");
            Ok(())
        }
    }
}

/// Tells to stop at the first SIGTERM or SIGINT.
pub fn stop_on_signal(stop: CancellationToken) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("told to stop");
        stop.cancel();
    });
    Ok(())
}
