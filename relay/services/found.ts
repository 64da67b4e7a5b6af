import type { PeerIdString } from '../../node/network/network.ts'
import type { FoundAnswer, FoundRequest } from '../../protocol/wire/services.ts'
import type { Allowance } from '../allowance.ts'
import type { LogKeeper } from '../log-keeper.ts'

export interface FoundParts {
  readonly keeper: LogKeeper
  readonly hellos: Allowance
}

/** Founds the community for whoever holds the token. Nobody can be a member yet, so anybody may ask. */
export async function answerFound(
  { keeper, hellos }: FoundParts,
  from: PeerIdString,
  request: FoundRequest,
): Promise<FoundAnswer> {
  if (!hellos.take(from)) return { error: 'rate-limited' }
  const taken = await keeper.found(request)
  return taken.ok ? { promise: taken.value.bytes } : { error: taken.reason }
}
