import { stripVTControlCharacters } from 'node:util'
import type { SerializedError } from 'vitest/node'

/** What is told in another place, and what Vitest adds to every error. */
const TOLD_ELSEWHERE =
  /^(?:name|message|stacks?|diff|actual|expected|cause|showDiff|operator|ok|generatedMessage|constructor|toString|VITEST_.*)$/
/** Lines of a stack that say nothing of us. */
const FOREIGN = /^\s+at .*(?:node_modules\/(?:vitest|chai)\/|<anonymous>|new Promise)/

/** All that is known of an error: where it came from, what it carries (`code` among it), how it differs from what was expected, and its causes. */
export function textOf(error: SerializedError): string {
  const { name, message, stack, diff, cause } = error
  const head = stack?.includes(message) ? stack : [`${name ?? 'Error'}: ${message}`, stack].join('\n')
  const lines = head.split('\n').filter((line) => line !== '' && !FOREIGN.test(line))
  for (const [key, value] of Object.entries(error))
    if (!TOLD_ELSEWHERE.test(key) && /^(?:string|number|boolean)$/.test(typeof value))
      lines.push(`  ${key}: ${value}`)
  if (typeof diff === 'string') lines.push(stripVTControlCharacters(diff))
  if (isError(cause)) lines.push(`Caused by: ${textOf(cause)}`)
  else if (cause !== undefined) lines.push(`Caused by: ${JSON.stringify(cause)}`)
  return lines.join('\n')
}

/** Anything may have been thrown as a cause. */
function isError(cause: unknown): cause is SerializedError {
  return typeof cause === 'object' && cause !== null && 'message' in cause
}
