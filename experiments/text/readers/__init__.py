"""Readers for public data sets, from a folder that the user names; a file for each format.

sst2, cola, mnli, qnli, qqp, mrpc, rte, stsb    GLUE's TSV files
snli                                            SNLI's JSON lines
squad                                           SQuAD v1.1 and v2.0, JSON
line_pairs                                      translation: two parallel files, or one TSV

    examples = sst2.read("GLUE/SST-2", "train")
    examples.items[0]                            # LabelledText(first="hide new secretions …", second=None, label=0)

Files are UTF-8. A byte order mark and \\r\\n are accepted. Texts are returned as they are in the file: no tokenization,
no lowercasing, no stripping. A missing or damaged file raises a DataError that names the file and the line.

`examples` has the types, `lines` reads numbered lines, `tsv` and `json_values` check tables and JSON.
"""
