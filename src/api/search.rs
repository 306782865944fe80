//! Search 搜索 over the items the viewer may see.

use async_graphql::{Context, Description, Enum, Object, SimpleObject};
use huiyin_domain::id::UnitId;

use super::connection::{Cursor, PageInfo, bad_cursor, page_size, weight};
use super::context::ContextExt as _;
use super::error::ApiResult;
use super::filter::ItemFilter;
use super::item::Item;
use super::source::Source;
use super::unit::Unit;
use super::words::Word;
use crate::search::{self, Query, QueryText, Segment, Sort};
use crate::service::query::{Found, FoundPage, Piece};

/// The order of hits. 排序
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
#[graphql(remote = "Sort")]
pub enum SearchSort {
    /// The best match first; newest first when there is no text. 相关度
    #[default]
    Relevance,
    /// The latest question first. 最新来件在前
    NewestFirst,
    /// The earliest question first. 最早来件在前
    OldestFirst,
    /// The earliest deadline first, items without one last. 先到期在前
    DueFirst,
}

/// A stretch of text. 文字片段
#[derive(Debug, SimpleObject)]
pub struct TextPiece {
    /// The text, not escaped. 文字
    text: String,
    /// Whether it was searched for. 命中
    hit: bool,
}

/// A text with what was searched for marked. 标亮文字
#[derive(Debug, SimpleObject)]
pub struct Highlighted {
    /// The text in pieces; put together it is the text. 片段
    #[graphql(complexity = "5 * child_complexity")]
    pieces: Vec<TextPiece>,
    /// The same as HTML: text escaped, hits within `<mark>`. HTML
    html: String,
}

impl Highlighted {
    fn new(pieces: Vec<Piece>) -> Self {
        let segments: Vec<Segment<'_>> =
            pieces.iter().map(|piece| Segment { text: &piece.text, hit: piece.hit }).collect();
        let html = search::to_html(&segments);
        Self { pieces: pieces.into_iter().map(|piece| TextPiece { text: piece.text, hit: piece.hit }).collect(), html }
    }
}

/// A found item. 命中
#[derive(Debug, SimpleObject)]
pub struct SearchHit {
    /// The item. 件
    item: Item,
    /// How well it matches: comparable within one answer only. 相关度
    score: f64,
    /// Its title. 标题
    title: Highlighted,
    /// The place in question or answer where the words stand closest. 摘录
    snippet: Highlighted,
}

impl SearchHit {
    fn new(found: Found) -> Self {
        Self {
            item: Item::new(found.item),
            score: f64::from(found.score),
            title: Highlighted::new(found.title),
            snippet: Highlighted::new(found.snippet),
        }
    }
}

/// How many of the hits have a value. 分类计数
#[derive(Debug, SimpleObject)]
pub struct Facet {
    /// The value. 值
    word: Word,
    /// How many. 件数
    count: u64,
}

/// How many of the hits a unit leads. 单位计数
#[derive(Debug, Description)]
pub struct UnitFacet(UnitId, u64);

#[Object(use_type_description)]
impl UnitFacet {
    /// The unit. 单位
    async fn unit(&self, ctx: &Context<'_>) -> ApiResult<Option<Unit>> {
        Ok(ctx.loaders()?.unit(&self.0.to_string()).await?.map(Unit::new))
    }

    /// How many. 件数
    async fn count(&self) -> u64 {
        self.1
    }
}

/// How many of the hits a source has. 渠道计数
#[derive(Debug, Description)]
pub struct SourceFacet(String, u64);

#[Object(use_type_description)]
impl SourceFacet {
    /// The source. 渠道
    async fn source(&self, ctx: &Context<'_>) -> ApiResult<Option<Source>> {
        Ok(ctx.loaders()?.source(&self.0).await?.map(|row| Source::new(&row)))
    }

    /// How many. 件数
    async fn count(&self) -> u64 {
        self.1
    }
}

/// Counts over all hits, the most frequent first. 分类计数
#[derive(Debug, SimpleObject)]
pub struct SearchFacets {
    /// By source. 渠道
    #[graphql(complexity = "10 * child_complexity")]
    sources: Vec<SourceFacet>,
    /// By lead unit; items without one are not counted. 主办单位
    #[graphql(complexity = "50 * child_complexity")]
    units: Vec<UnitFacet>,
    /// By stage. 阶段
    #[graphql(complexity = "10 * child_complexity")]
    stages: Vec<Facet>,
    /// By request type. 诉求类型
    #[graphql(complexity = "7 * child_complexity")]
    request_types: Vec<Facet>,
}

impl SearchFacets {
    fn new(facets: search::Facets) -> Self {
        let words = |counts: Vec<(String, u64)>, word: fn(&str) -> Word| {
            counts.into_iter().map(|(code, count)| Facet { word: word(&code), count }).collect()
        };
        Self {
            sources: facets.sources.into_iter().map(|(id, count)| SourceFacet(id, count)).collect(),
            units: facets.units.into_iter().map(|(id, count)| UnitFacet(id, count)).collect(),
            stages: words(facets.stages, Word::stage),
            request_types: words(facets.request_types, Word::request_type),
        }
    }
}

/// A page of hits. 搜索结果
#[derive(Debug, SimpleObject)]
pub struct SearchResult {
    /// The hits, in the order asked for. 命中
    hits: Vec<SearchHit>,
    /// How many items match in all, exactly. 总数
    total_count: u64,
    /// Where the page stands. 翻页
    page_info: PageInfo,
    /// Counts over all hits; null unless asked for. 分类计数
    facets: Option<SearchFacets>,
}

impl SearchResult {
    fn new(found: FoundPage) -> Self {
        let FoundPage { found, page } = found;
        Self {
            hits: found.into_iter().map(SearchHit::new).collect(),
            total_count: page.total,
            page_info: PageInfo {
                has_next_page: page.next.is_some(),
                end_cursor: page.next.map(|cursor| Cursor::Index(cursor.to_string())),
            },
            facets: page.facets.map(SearchFacets::new),
        }
    }
}

/// Queries to the index.
#[derive(Debug, Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Searches titles, questions and answers. Words are separated by blanks and must all occur; `"…"` keeps words
    /// together, a leading `-` excludes. 搜索
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to look for; empty finds everything. 搜索词")] text: String,
        #[graphql(desc = "Which items, as in `items`. 筛选")] filter: Option<ItemFilter>,
        #[graphql(default, desc = "The order. 排序")] sort: SearchSort,
        #[graphql(desc = "How many, at most 100; 20 when left out. 条数")] first: Option<i32>,
        #[graphql(desc = "`endCursor` of the page before, of the same search. 翻页位置")] after: Option<String>,
    ) -> ApiResult<SearchResult> {
        let actor = ctx.signed_in()?;
        let service = ctx.service()?;
        let now = service.now();
        let text = QueryText::parse(&text).map_err(crate::service::Refusal::from)?;
        let query = Query {
            filters: service.search_filters(actor, &filter.unwrap_or_default().into_list()?),
            sort: sort.into(),
            limit: page_size(first)?,
            after: after.map(|text| text.parse()).transpose().map_err(|_| bad_cursor())?,
            facets: ctx.look_ahead().field("facets").exists(),
            ..Query::new(text, now)
        };
        let found = service.search_items(actor, query).await?;
        let rows: Vec<_> = found.found.iter().map(|found| found.item.clone()).collect();
        ctx.loaders()?.prime(&rows, &ctx.look_ahead().field("hits").field("item")).await?;
        Ok(SearchResult::new(found))
    }
}
