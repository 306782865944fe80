//! Response times over real rows, within the viewer's scope.

use huiyin::service::ServiceError;
use huiyin_domain::access::{Actor, Limit, Role, UnitKind};
use huiyin_domain::statistics::{Grouping, Period, Span};

use super::office::{LETTERS, Office, month};

/// October 2026.
fn october() -> Period {
    let october = month("2026-10");
    Period { from: october.first_instant(), to: october.end() }
}

#[tokio::test]
async fn the_months_figures_are_what_a_hand_count_gives() {
    let office = Office::open().await;
    office.receive(&LETTERS).await;
    let viewer = Actor::System("test");
    let counted = office.service.statistics(&viewer, october(), Grouping::RequestType).await.unwrap();
    let total = counted.report.total;
    assert_eq!((total.received, total.answered, total.open, total.excluded), (4, 3, 1, 0));
    // Answered after 2, 4 and 18 days.
    assert_eq!(total.median.map(Span::days), Some(4.0));
    assert_eq!(total.p90.map(Span::days), Some(18.0));
    assert_eq!((total.on_time <= total.due, total.due > 0), (true, true));
    let groups: Vec<_> = counted
        .report
        .groups
        .iter()
        .map(|group| (counted.names[group.key.as_deref().unwrap()].as_str(), group.figures.received))
        .collect();
    assert_eq!(groups, [("投诉", 1), ("咨询", 3)]);
    for grouping in Grouping::ALL {
        let other = office.service.statistics(&viewer, october(), *grouping).await.unwrap();
        assert_eq!(other.report.total, total, "{grouping}");
    }
}

#[tokio::test]
async fn a_unit_sees_its_own_figures_only() {
    let office = Office::open().await;
    office.receive(&LETTERS).await;
    let figures = |viewer: Actor| {
        let service = office.service.clone();
        async move { service.statistics(&viewer, october(), Grouping::Unit).await.map(|counted| counted.report.total) }
    };
    // Nothing is assigned here: the letters were answered at the source.
    assert_eq!(figures(office.handler.clone()).await.unwrap().received, 0);
    // A publisher sees what is answered, in items and in figures.
    assert_eq!(figures(office.publisher.clone()).await.unwrap().received, 3);
    let Actor::Account { id, unit, .. } = office.publisher.clone() else { panic!("a person") };
    let clerk =
        |role| Actor::Account { id, unit, unit_kind: UnitKind::Office, roles: [role].into(), limit: Limit::None };
    assert_eq!(figures(clerk(Role::Office)).await.unwrap().received, 4);
    for viewer in [clerk(Role::Auditor), Actor::Public] {
        assert!(matches!(figures(viewer).await, Err(ServiceError::Refused(_))));
    }
    let empty = Period { from: october().to, to: october().to };
    let refused = office.service.statistics(&office.publisher, empty, Grouping::Month).await;
    assert!(matches!(refused, Err(ServiceError::Refused(refusal)) if refusal.code == "period_empty"));
}
