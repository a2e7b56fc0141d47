"""What every figure is drawn with: parts, their placing, text widths, styles."""
