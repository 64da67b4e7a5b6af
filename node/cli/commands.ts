import { declareAudit } from './audit/audit.ts'
import type { Declare } from './command.ts'
import { declareGenerateLedger } from './generate-ledger.ts'
import { declareCommunity } from './member/community.ts'
import { declareBan, declareUnban } from './member/council.ts'
import { declareExport } from './member/export.ts'
import { declareIdentity } from './member/identity.ts'
import { declareInvite } from './member/invite.ts'
import { declareJoin } from './member/join.ts'
import { declareErase, declareLeave } from './member/leaving.ts'
import { declareCertify, declareClaim, declareVouch } from './member/people.ts'
import { declareSign, declareSubmit } from './member/requests.ts'
import { declareAttest, declareRoom } from './member/stage.ts'
import { declareWatch } from './watch.ts'

/** Every command of `palabre`, in the order of its help: one file each. */
export const COMMANDS: readonly Declare[] = [
  declareAudit,
  declareWatch,
  declareGenerateLedger,
  declareIdentity,
  declareCommunity,
  declareInvite,
  declareJoin,
  declareVouch,
  declareRoom,
  declareAttest,
  declareClaim,
  declareCertify,
  declareBan,
  declareUnban,
  declareSign,
  declareSubmit,
  declareExport,
  declareErase,
  declareLeave,
]
