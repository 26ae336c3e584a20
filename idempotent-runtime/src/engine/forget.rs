//! Removing an outcome because a retry is to run.

use super::ClaimRequest;
use super::complaints::Failed;
use super::steps::ask;
use crate::identity::AttemptId;
use crate::refusal::{Code, Refusal};

/// Removes a recorded outcome, if `attempt` is still the one that put it there, so that the next claim wins.
pub(crate) async fn forget(request: &ClaimRequest, attempt: AttemptId) -> Result<(), Refusal> {
    let forget = request.engine.store().forget(request.record, attempt);
    match ask(request.engine.clock(), forget).await {
        // Somebody else may have been faster; the claim that follows sees what there is now.
        Ok(_) => Ok(()),
        Err(error) => {
            let complaints = &request.engine.complaints;
            let clock = request.engine.clock();
            complaints.complain(clock, Failed::Step, &error);
            Err(Code::StoreUnavailable.into())
        }
    }
}
