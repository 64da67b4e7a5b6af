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
import { declareListen } from './member/listen.ts'
import { declareCertify, declareClaim, declareVouch } from './member/people.ts'
import { declareAppeal, declareReport, declareReports } from './member/reports.ts'
import { declareSign, declareSubmit } from './member/requests.ts'
import { declareSpeak } from './member/speak.ts'
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
  declareListen,
  declareSpeak,
  declareRoom,
  declareAttest,
  declareClaim,
  declareCertify,
  declareBan,
  declareUnban,
  declareReport,
  declareReports,
  declareAppeal,
  declareSign,
  declareSubmit,
  declareExport,
  declareErase,
  declareLeave,
]
