/** Whether a file is a sound file, by its name; what macOS leaves beside each file is none. */
export function isSoundName(name: string): boolean {
  return /\.(wav|wave|w64|rf64|au|snd|aif[fc]?|caf|flac|og[ga]|opus|mp[123]|m4[ab]|aac|mp4|mov|webm|mk[va])$/i.test(name) && !/(^|\/)\._/.test(name);
}
