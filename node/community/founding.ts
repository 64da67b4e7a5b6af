import { GENESIS, type Genesis } from '../../protocol/community/genesis.ts'
import { DEFAULT_POLICY, type Policy } from '../../protocol/community/policy.ts'
import { type Envelope, NO_COMMUNITY, seal } from '../../protocol/envelope.ts'
import type { KeyText } from '../../protocol/ids.ts'
import type { Signer } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'

/** Makes the genesis of a community with one founder, who is its council. @param nonce 32 bytes that also salt the founder's root key; @param now seconds */
export function sealGenesis(
  name: string,
  nonce: Uint8Array,
  founder: Signer,
  log: KeyText,
  now: number,
  policy: Policy = DEFAULT_POLICY,
): Promise<Envelope<Genesis>> {
  return seal(
    GENESIS,
    NO_COMMUNITY,
    {
      name,
      nonce,
      founders: [founder.publicKey],
      council: { k: 1, keys: [founder.publicKey] },
      log,
      witnesses: { k: 0, keys: [] },
      policy,
      at: toLedgerTime(now),
    },
    [founder],
  )
}
