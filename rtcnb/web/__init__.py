"""What all JavaScript here shares: modules as one source, elements, the theme."""
