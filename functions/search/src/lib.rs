//! Search over the documents of all domains, and over the names in orders: the engines, their one writer each, and their
//! readers.

pub mod documents;
pub mod engine;
pub mod get_search_index;
pub mod index_copy;
pub mod index_reader;
pub mod index_writer;
pub mod opensearch;
pub mod opensearch_writer;
pub mod reason;
pub mod rebuild;
mod refused;
pub mod roll_back_search_index;
pub mod search_documents;
pub mod search_orders;
pub mod searcher;
pub mod start_rebuild;
pub mod state;
pub mod storage;
pub mod suggest_searches;
pub mod sweep_index;
pub mod sweep_private_index;
pub mod view;
pub mod write_index;
pub mod write_private_index;

shared::actions! {
    http {
        "get-search-index" => get_search_index::GetSearchIndex,
        "roll-back-search-index" => roll_back_search_index::RollBackSearchIndex,
        "search-documents" => search_documents::SearchDocuments,
        "search-orders" => search_orders::SearchOrders,
        "start-rebuild" => start_rebuild::StartRebuild,
        "suggest-searches" => suggest_searches::SuggestSearches,
    }
    schedule {
        "sweep-index" => sweep_index::SweepIndex,
        "sweep-private-index" => sweep_private_index::SweepPrivateIndex,
    }
    queue {
        "write-index" => write_index::WriteIndex,
        "write-private-index" => write_private_index::WritePrivateIndex,
    }
}
