import { MAX_SECTIONS } from './limits.ts'

/**
 * Is this a description of voices and nothing else? A browser sets up whatever sections an offer lists, video and data channels too; this
 * link has at most one voice each way.
 */
export function describesVoices(sdp: string): boolean {
  const sections = sdp.split(/\r?\n/).filter((row) => row.startsWith('m='))
  return sections.length <= MAX_SECTIONS && sections.every((row) => row.startsWith('m=audio '))
}
