import { bad } from '../../../protocol/result.ts'
import type { SubmissionParts } from '../../../relay/http/submission-door.ts'

/** The doors of a relay that has no community. */
export const NOTHING_SUBMITTED: SubmissionParts = {
  membership: () => undefined,
  allow: () => true,
  take: async () => bad('not-founded'),
  keep: async () => bad('not-founded'),
}
