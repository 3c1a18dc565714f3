"""The answers: frozen data, and the rules that both search and check follow."""
