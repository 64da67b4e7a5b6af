import { idOf } from '../../protocol/ids.ts'

/** The commitment of a member whose identity was not looked at yet: no profile opens it. */
export const UNKNOWN_PROFILE = idOf(new Uint8Array(32))
