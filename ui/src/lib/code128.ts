/** Code 128, set B: the bar code that a wedge scanner reads from a badge. ISO/IEC 15417. */

/** Widths of bar, space, bar, space, bar, space of the symbols 0 to 105; 106 is the stop. */
const WIDTHS = (
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 ' +
  '113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 ' +
  '212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 ' +
  '113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 ' +
  '314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 ' +
  '241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 ' +
  '214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 ' +
  '211232 2331112'
).split(' ');
const START_B = 104;
const STOP = 106;
const QUIET = 10;

/** Numbers of the symbols of a text of printable ASCII: start, one a letter, check, stop. */
export function symbols(text: string): number[] {
  if (!/^[ -~]+$/.test(text)) throw new Error('Code 128 B holds printable ASCII only');
  const letters = [...text].map((letter) => letter.charCodeAt(0) - 32);
  const check = letters.reduce((sum, value, place) => sum + value * (place + 1), START_B) % 103;
  return [START_B, ...letters, check, STOP];
}

/** The bars: an SVG path of height 1, and its width in modules, with the quiet zones. */
export function code128(text: string): { path: string; width: number } {
  let x = QUIET;
  let path = '';
  for (const symbol of symbols(text)) {
    for (const [place, digit] of [...(WIDTHS[symbol] ?? '')].entries()) {
      const wide = Number(digit);
      if (place % 2 === 0) path += `M${x} 0h${wide}v1h-${wide}z`;
      x += wide;
    }
  }
  return { path, width: x + QUIET };
}
