import { declareAudit } from './audit/audit.ts'
import type { Declare } from './command.ts'

/** Every command of `palabre`, in the order of its help: one file each. */
export const COMMANDS: readonly Declare[] = [declareAudit]
