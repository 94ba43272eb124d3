//! Whatever the writer of the index is asked to do, and at whichever request it is killed: what is delivered again ends it, and the
//! index is as the tables are.

use function_tests::SearchFixture;
use harness::engine::CATALOG;
use harness::{Crash, Services};
use jiff::SignedDuration;
use search::roll_back_search_index::RollBackSearchIndex;
use search::sweep_index::SweepIndex;
use search::write_index::WriteIndex;
use search_engine::Checksum;
use serde_json::json;
use shared::aws::Platform;
use shared::search::{DocumentKind, IndexCommand, IndexQueue};

/// What is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Change,
    Replace,
    Merge,
    /// A rebuild of several steps and the switch to it.
    Rebuild,
    /// The first build, since nothing is indexed yet.
    FirstBuild,
    RollBack,
    Sweep,
}

impl Command {
    /// A shop in which the command has something to do.
    async fn shop(self) -> SearchFixture {
        let mut shop = SearchFixture::open().await;
        shop.writer.step = 2;
        let products = [("tea", "Green tea"), ("mug", "Tea mug"), ("pot", "Tea pot")];
        match self {
            Self::FirstBuild => {
                for (sku, name) in products {
                    shop.put(sku, name).await;
                }
            }
            _ => shop.index(&products).await,
        }
        let queue = IndexQueue::new(shop.platform()).unwrap();
        let deadline = shop.shop.invocation().deadline;
        match self {
            Self::Change | Self::FirstBuild => {
                shop.put("cup", "Tea cup").await;
                shop.change("mug", &json!({ "status": "UNLISTED" })).await;
                shop.name(&["cup", "mug"]).await;
            }
            Self::Replace => {
                shop.shop.engine.remove_product("mug").await;
                let skus = ["mug", "pot"].map(str::to_owned);
                queue.replace(DocumentKind::Product, &skus, deadline).await.unwrap();
            }
            Self::Merge => {
                // A fifth of the documents is replaced.
                shop.index(&[("pot", "Black pot")]).await;
                assert!(shop.state().current.manifest.needs_merge());
                queue.send(&[IndexCommand::Merge], deadline).await.unwrap();
            }
            Self::Rebuild => drop(shop.start_rebuild("k").await),
            Self::RollBack => {
                shop.start_rebuild("k").await;
                shop.write().await;
                shop.index(&[("cup", "Tea cup")]).await;
            }
            Self::Sweep => {
                shop.put("cup", "Tea cup").await;
                shop.shop.engine.remove_product("mug").await;
            }
        }
        shop
    }

    /// Does the command on functions of this platform. Returns false when one of them was killed.
    async fn run(self, shop: &SearchFixture, platform: &Platform, crash: &Crash) -> bool {
        let invocation = shop.shop.invocation();
        match self {
            Self::RollBack => {
                let function = RollBackSearchIndex::new(platform).unwrap();
                if crash.run(shop.roll_back_on(&function, "r")).await.is_none() {
                    return false;
                }
            }
            Self::Sweep => {
                let function = SweepIndex::new(platform).unwrap();
                let swept = crash.run(search::sweep_index::handle(&function, invocation)).await;
                match swept {
                    Some(swept) => drop(swept.unwrap()),
                    None => return false,
                }
            }
            _ => {}
        }
        let mut writer = WriteIndex::new(platform).unwrap();
        writer.step = 2;
        while let Some(delivery) = shop.queue.receive(10, shop.shop.now()) {
            match crash.run(shop.write_batch(&writer, delivery.batch.clone())).await {
                Some(written) => written.unwrap(),
                None => return false,
            }
            shop.queue.settle(&delivery, &Default::default());
        }
        true
    }
}

/// The checksum of the products as they are stored.
async fn stored(shop: &SearchFixture) -> Checksum {
    let mut checksum = Checksum::default();
    for item in shop.shop.engine.items(CATALOG).await {
        if item["pk"].as_str().unwrap().starts_with("PRODUCT#") {
            let version = item["version"].as_u64().unwrap();
            checksum.add(
                DocumentKind::Product.name(),
                item["sku"].as_str().unwrap(),
                version << 16,
            );
        }
    }
    checksum
}

/// Kills the command at each of its requests in turn.
async fn survives(command: Command) {
    for is_served in [false, true] {
        let mut at = 0;
        loop {
            let shop = command.shop().await;
            let services = Services {
                objects: Some(shop.s3.clone()),
                queue: Some(shop.queue.clone()),
                ..Services::default()
            };
            let crash = Crash::new(services, at, is_served);
            let platform = shop.platform().clone().with_aws(crash.config());
            let is_finished = command.run(&shop, &platform, &crash).await;
            // The client, the schedule and the queue try again.
            match command {
                Command::RollBack => assert_eq!(shop.roll_back("r").await.status, 200),
                Command::Sweep => {
                    shop.sweep().await;
                }
                _ => {}
            }
            shop.shop.advance(SignedDuration::from_hours(1));
            shop.write().await;
            let state = shop.state();
            let seen = (state.next.is_none(), state.current.manifest.checksum);
            assert_eq!(
                seen,
                (true, stored(&shop).await),
                "{command:?} killed at {at}, {is_served}"
            );
            assert_eq!(shop.sweep().await.differing_buckets, 0, "{command:?} killed at {at}");
            assert!(!shop.found("tea").await.is_empty(), "{command:?} killed at {at}");
            if is_finished {
                break;
            }
            at += 1;
        }
        assert!(at > 1, "{command:?} sends {at} requests");
    }
}

macro_rules! killed_at_any_request {
    ($($name:ident: $command:ident,)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                survives(Command::$command).await;
            }
        )*
    };
}

killed_at_any_request! {
    a_change_that_is_killed_at_any_request_is_indexed_when_its_message_comes_again: Change,
    a_replacement_that_is_killed_at_any_request_is_made_when_its_message_comes_again: Replace,
    a_merge_that_is_killed_at_any_request_loses_no_document: Merge,
    a_rebuild_that_is_killed_at_any_request_goes_on_from_its_last_step: Rebuild,
    a_first_build_that_is_killed_at_any_request_goes_on_from_its_last_step: FirstBuild,
    a_roll_back_that_is_killed_at_any_request_catches_up_when_it_is_sent_again: RollBack,
    a_comparison_that_is_killed_at_any_request_is_made_by_the_next_run: Sweep,
}
