//! Search over the documents of all domains, and over the names in orders: an index in S3 for each, its one writer, and its
//! readers.

pub mod documents;
pub mod get_search_index;
pub mod index_copy;
pub mod index_reader;
pub mod index_writer;
pub mod reason;
pub mod rebuild;
pub mod roll_back_search_index;
pub mod search_documents;
pub mod search_orders;
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
